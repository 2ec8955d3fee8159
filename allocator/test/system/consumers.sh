# Users of jemalloc's interface, as they call it: preloaded, by the names of C and of Rust; linked to
# the library by each; and folly's detection, which must not find what is not there.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "of another allocator we know nothing"
make_tmp
here=$top_builddir/allocator/test/system

same_verdicts() { # NAME COMMAND…: each of its lines is one of ours
	name=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	while read -r word number dash title; do
		case $word in
		ok) ok "$name: $title" ;;
		not) not_ok "$name: ${title#- }" ;;
		esac
		: "$number$dash"
	done <"$tmp/out"
	[ $status -eq 0 ] && grep -q '^1\.\.[1-9]' "$tmp/out" && [ ! -s "$tmp/err" ]
	result=$?
	[ $result -eq 0 ] || { note_file "$tmp/out"; note_file "$tmp/err"; }
	verdict $result "$name: it ends well, and says nothing else"
}
same_verdicts "preloaded" preloaded "$here/consumers"
same_verdicts "preloaded, Rust's names" preloaded "$here/consumers_rust"
same_verdicts "weak names of C++" preloaded "$here/consumers_weak"
"$here/consumers_weak" none
verdict $? "without the library nothing is found"

# Strong references, as of an object that was built for jemalloc.
for names in '' -DCONSUMERS_RUST; do
	title="linked${names:+ by Rust}"
	# shellcheck disable=SC2086
	if have "${CC:-cc}" && ${CC:-cc} -D_GNU_SOURCE -I"$top_srcdir/allocator" -DCONSUMERS_STRONG $names -fno-builtin -c \
		-o "$tmp/user.o" "$top_srcdir/allocator/test/system/consumers.c" 2>"$tmp/err"; then
		${CC:-cc} -o "$tmp/user" "$tmp/user.o" -L"${library%/*}" -lashlar -Wl,-rpath,"${library%/*}" -pthread 2>"$tmp/err"
		verdict $? "$title: every name that it wants is there"
		note_file "$tmp/err"
		[ ! -x "$tmp/user" ] || same_verdicts "$title" "$tmp/user"
		rm -f "$tmp/user"
	else
		note_file "$tmp/err"
		skip "$title" "no compiler"
	fi
done

# A Rust program of its own, with the names and types of tikv-jemalloc-sys.
title="a Rust program with this as its global allocator"
if have rustc; then
	cat >"$tmp/user.rs" <<'end'
use std::alloc::{GlobalAlloc, Layout};
use std::os::raw::{c_char, c_int, c_void};
extern "C" {
    #[link_name = "_rjem_mallocx"] fn mallocx(size: usize, flags: c_int) -> *mut c_void;
    #[link_name = "_rjem_rallocx"] fn rallocx(p: *mut c_void, size: usize, flags: c_int) -> *mut c_void;
    #[link_name = "_rjem_sdallocx"] fn sdallocx(p: *mut c_void, size: usize, flags: c_int);
    #[link_name = "_rjem_mallctl"] fn mallctl(name: *const c_char, oldp: *mut c_void, oldlenp: *mut usize, newp: *mut c_void, newlen: usize) -> c_int;
}
#[no_mangle] #[used] pub static _rjem_malloc_conf: &[u8; 10] = b"narenas:7\0";
struct Jemalloc;
fn flags(l: Layout) -> c_int { if l.align() <= 16 && l.align() <= l.size() { 0 } else { l.align().trailing_zeros() as c_int } }
unsafe impl GlobalAlloc for Jemalloc {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 { mallocx(l.size(), flags(l)) as *mut u8 }
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 { mallocx(l.size(), flags(l) | 0x40) as *mut u8 }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) { sdallocx(p as *mut c_void, l.size(), flags(l)) }
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 { rallocx(p as *mut c_void, n, flags(l)) as *mut u8 }
}
#[global_allocator] static ALLOC: Jemalloc = Jemalloc;
fn read<T: Default>(name: &str) -> T {
    let mut value = T::default();
    let mut length = std::mem::size_of::<T>();
    let name = std::ffi::CString::new(name).unwrap();
    let error = unsafe { mallctl(name.as_ptr(), &mut value as *mut T as *mut c_void, &mut length, std::ptr::null_mut(), 0) };
    assert_eq!((error, length), (0, std::mem::size_of::<T>()));
    value
}
fn main() {
    let before: usize = read("stats.allocated");
    let mut words: Vec<String> = (0..100000).map(|i| format!("word {}", i)).collect();
    words.sort();
    let mut epoch = 1u64;
    let name = std::ffi::CString::new("epoch").unwrap();
    assert_eq!(unsafe { mallctl(name.as_ptr(), std::ptr::null_mut(), std::ptr::null_mut(), &mut epoch as *mut u64 as *mut c_void, 8) }, 0);
    assert!(read::<usize>("stats.allocated") > before + 100000 * (24 + 16));
    println!("{} {} {}", words[99999], words.len(), read::<u32>("opt.narenas"));
}
end
	if rustc -O -L "${library%/*}" -l dylib=ashlar -C link-arg="-Wl,-rpath,${library%/*}" -C link-arg=-rdynamic -o "$tmp/rust" "$tmp/user.rs" 2>"$tmp/err"; then
		said=$("$tmp/rust" 2>&1)
		[ "$said" = "word 99999 100000 7" ]
		verdict $? "$title: $said"
	else
		note_file "$tmp/err"
		not_ok "$title: it does not build"
	fi
else
	skip "$title" "rustc is not installed"
fi
finish
