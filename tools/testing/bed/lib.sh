# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of the bed share: where things are, how to say what is
# going on, and how to get what a plain Debian 12 lacks. Sourced, never run.

set -euo pipefail
unset CROSS_COMPILE KBUILD_OUTPUT MAKEFLAGS MFLAGS MAKELEVEL

bed_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo_dir=$(cd "$bed_dir/../../.." && pwd)
base_package=linux-source-6.12
: "${BED_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/vfio-bed}"

say()  { printf '%s\n' "$*" >&2; }
die()  { say "error: $*"; exit 1; }

# elapsed SECONDS: 75 -> 1:15
elapsed() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# need PACKAGE...: install what is missing, in one go and with one message.
need() {
	local p missing=()

	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	say "installing: ${missing[*]}"
	install_log=$(mktemp)
	if ! { as_root apt-get update &&
	       as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "${missing[@]}"
	     } >"$install_log" 2>&1 </dev/null; then
		tail -n 15 "$install_log" >&2
		die "could not install ${missing[*]}; the whole log is $install_log"
	fi
	rm -f "$install_log"
}

# Sets base_version, work_dir and base_src; installs and unpacks the base.
base_ready() {
	local tmp

	need "$base_package" xz-utils rsync
	base_version=$(dpkg-query -W -f '${Version}' "$base_package")
	work_dir=$BED_CACHE/$base_version
	base_src=$work_dir/base
	[ -e "$base_src/Makefile" ] && return
	mkdir -p "$work_dir"
	exec 8>"$work_dir/.unpack.lock"
	flock 8
	if [ ! -e "$base_src/Makefile" ]; then
		say "unpacking $base_package $base_version"
		tmp=$(mktemp -d "$work_dir/unpack.XXXXXX")
		tar -C "$tmp" --strip-components=1 -xJf "/usr/src/$base_package.tar.xz"
		mv "$tmp" "$base_src"
	fi
	exec 8>&-
}

# checkpatch_known: leave out of what checkpatch says what has to be as it is.
checkpatch_known() {
	# MACRO_ARG_REUSE: vfio_alloc_device() is what drivers compile against, and an
	# iterator has no other way. Tracepoints have a layout and macros of their own.
	# OPEN_BRACE: iommu_group_for_each_dev() is no loop. ENOSYS: what drivers expect
	# of report_iommu_fault() where nobody handles a fault. CONST_STRUCT: vma.c
	# makes operations at run time. VOLATILE: C has nothing else for a local that is
	# set between setjmp() and longjmp(). PREFER_DEFINED: a program of user space has
	# no compiler_attributes.h. SUSPECT_CODE_INDENT: the "if" of DEFINE_FREE().
	grep -v -e '^total:\| total: ' \
		-e 'vfio\(_ap_matrix\)\{0,1\}\.h:.*MACRO_ARG_REUSE' \
		-e '_trace\.h:.*\(MACRO_ARG_REUSE\|PARENTHESIS_ALIGNMENT\)' \
		-e 'iommu/core/group\.c:.*OPEN_BRACE' -e 'iommu/core/domain\.c:.*ENOSYS' \
		-e 'vfio/vma\.c:.*CONST_STRUCT' -e 'selftests-harness\.patch:.*VOLATILE' \
		-e 'testing/ccw/kernel\.h:.*PREFER_DEFINED_ATTRIBUTE_MACRO' \
		-e 'iommu/core/core\.h:.*SUSPECT_CODE_INDENT'
}
