# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of lsvfio(8): options, groups, their devices, parents of mdevs.

_lsvfio()
{
	local cur=${COMP_WORDS[COMP_CWORD]} path words=()

	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --root ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
	fi
	if [[ $cur == -* ]]; then
		words=(-a --all -j --json -d --dot --root -h --help)
	else
		for path in /sys/kernel/iommu_groups/*{,/devices/*} /sys/class/mdev_bus/*; do
			[ -e "$path" ] && words+=("${path##*/}")
		done
	fi
	# PCI addresses hold colons, which bash takes for ends of words.
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
	declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
}
complete -F _lsvfio lsvfio
