# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How "make check" and "make check-series" compile what they do not boot: our
# files, and whatever in the base compiles against their headers, as allmodconfig
# has it. Sourced, after lib.sh.

# shellcheck disable=SC2034
wide_config=("KCONFIG_ALLCONFIG=$bed_dir/configs/wide.config" allmodconfig)

# wide_make SOURCE OBJECTS ARCH ARGUMENT...
wide_make() {
	local source=$1 objects=$2 arch=$3 cross=()
	shift 3
	case $arch in
	arm64)	cross=(CROSS_COMPILE=aarch64-linux-gnu-) ;;
	s390)	cross=(CROSS_COMPILE=s390x-linux-gnu-) ;;
	esac
	make -C "$source" "O=$objects" "ARCH=$arch" "${cross[@]}" "-j$(nproc)" "$@" </dev/null
}

# wide_goals SOURCE ARCH: ours, as far as they are there, and all of the base that
# can see them.
wide_goals() {
	local f

	echo drivers/vfio/ drivers/iommu/ samples/vfio-mdev/ drivers/base/map.o
	case $2 in
	x86_64)	echo arch/x86/kvm/../../../virt/kvm/vfio.o
		(cd "$1" && ls drivers/gpu/drm/i915/gvt/*.c | sed 's/c$/o/')
		for f in s390/cio/tests/ s390/crypto/tests/; do
			grep -q "$f" "$1/drivers/Makefile" && echo "drivers/$f"
		done
		true ;;
	arm64)	echo arch/arm64/kvm/../../../virt/kvm/vfio.o ;;
	s390)	echo arch/s390/kvm/../../../virt/kvm/vfio.o arch/s390/pci/ drivers/s390/cio/ \
			drivers/s390/crypto/ ;;
	esac
}

# wide_complaints LIST: from a compiler's log, what is about the files listed.
wide_complaints() {
	local files

	files=$(sed 's/[.[\*^$]/\\&/g' "$1" | paste -sd'|')
	grep -E "(^|/)($files):[0-9]+.*(warning|error)" || true
}
