/* Stands in for the plain names where malloc belongs to a sanitizer. */
typedef int ash_no_interpose; /* ISO C wants a declaration in every file */
