/* Source: facebook/CacheLib, cachebench test configuration kvcache_reg (sizes.json),
 * Apache-2.0; figures computed from it, not the file itself.
 *
 * Value sizes of a key-value cache at Meta: the source's 7520 ranges summed over
 * quarters of a doubling, each named by its mean upper bound; weights are parts per
 * thousand million. */
#include "workloads/servers/data/tables.h"

const struct size_row meta_kvcache_rows[] = {
	{31, 696113},    {63, 59326},     {95, 131758928}, {127, 240132317}, {159, 491440326},
	{191, 42530785}, {223, 16002313}, {255, 8387246},  {302, 15195419},  {366, 9574532},
	{431, 4656396},  {505, 9904115},  {580, 7471392},  {709, 9314026},   {849, 2200353},
	{977, 2246228},  {1165, 2065372}, {1397, 962669},  {1672, 799023},   {1934, 396134},
	{2308, 690121},  {2821, 443478},  {3340, 376045},  {3859, 379100},   {4530, 526064},
	{5494, 249581},  {6642, 129460},  {7674, 99680},   {9270, 183324},   {11235, 103028},
	{13305, 77476},  {15384, 74422},  {18192, 116831}, {22453, 68548},   {26260, 47931},
	{30610, 25904},  {37058, 41881},  {44063, 28077},  {52865, 12335},   {61165, 11395},
	{73953, 17387},  {89886, 17034},  {106830, 14626}, {122504, 19677},  {148211, 35419},
	{181368, 50104}, {213462, 67843}, {245269, 66316}, {290983, 108314}, {356169, 46110},
	{425772, 23730}, {510960, 55743},
};

const unsigned meta_kvcache_rows_count =
	sizeof(meta_kvcache_rows) / sizeof(meta_kvcache_rows[0]);
