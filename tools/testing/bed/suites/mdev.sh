# SPDX-License-Identifier: GPL-2.0-only
title="mediated devices: what create and remove accept, counts, names, races"
boot="mdev"
timeout=600
modules="samples/vfio-mdev/mtty samples/vfio-mdev/mdpy samples/vfio-mdev/mbochs"
[ "$BED_TREE" = base ] || modules="$modules samples/vfio-mdev/mdma"
programs="vfio/mdev_race_test"

# What a create of $2 on type directory $3 says, and that it changed nothing.
refused()
{
	m_free=$(cat $3/available_instances)
	m_have=$(ls $bus | wc -l)
	t_errno "$1" $4 sh -c "echo -ne '$2' >$3/create"
	t_eq "$1: same instances" "$(cat $3/available_instances)" $m_free
	t_eq "$1: same devices" "$(ls $bus | wc -l)" $m_have
}

# A create in one form of the GUID; the device has the canonical name.
accepted()
{
	t_check "$1" sh -c "echo -ne '$2' >$mdpy/mdpy-vga/create"
	t_check "$1: its name" test -d $bus/$3
	t_check "$1: removed" sh -c "echo 1 >$bus/$3/remove"
	t_check "$1: gone" test ! -e $bus/$3
}

# The base gives instances back when the last reference goes, which comes late
# in a kernel that delays it. Ours does not; the driver of mtty does so too.
settled()
{
	wait_for 8 grep -qx $2 $1/available_instances
}

guid_table()
{
	accepted "plain GUID" $stem-000000000001 $stem-000000000001
	accepted "GUID with newline" "$stem-000000000002\n" $stem-000000000002
	accepted "GUID with NUL" "$stem-000000000003\0" $stem-000000000003
	accepted "upper case GUID" 83B8F4F2-509F-382F-3C1E-00000000ABCD \
		$stem-00000000abcd
	settled $mdpy/mdpy-vga 1000

	refused "short GUID" $stem-00000000000 $mdpy/mdpy-vga EINVAL
	refused "short GUID with newline" "$stem-00000000000\n" \
		$mdpy/mdpy-vga EINVAL
	refused "GUID not hex" $stem-00000000000g $mdpy/mdpy-vga EINVAL
	refused "GUID without dashes" 83b8f4f2x509fx382fx3c1ex000000000001 \
		$mdpy/mdpy-vga EINVAL
	refused "GUID with two newlines" "$stem-000000000001\n\n" \
		$mdpy/mdpy-vga EINVAL
	refused "GUID in braces" "{$stem-0000000000}" $mdpy/mdpy-vga EINVAL
	refused "only a newline" "\n" $mdpy/mdpy-vga EINVAL
	# The base takes this one: leave nothing behind then.
	refused "GUID with one digit too many" $stem-0000000000011 \
		$mdpy/mdpy-vga EINVAL
	if [ -e $bus/$stem-000000000001 ]; then
		echo 1 >$bus/$stem-000000000001/remove
		settled $mdpy/mdpy-vga 1000
	fi
}

names()
{
	t_check "class link" test -d /sys/class/mdev_bus/mtty
	t_eq "types" "$(ls $types | tr '\n' ' ')" "mtty-1 mtty-2 "
	t_eq "device_api" "$(cat $types/mtty-1/device_api)" vfio-pci
	t_eq "name" "$(cat $types/mtty-1/name)" "Single port serial"
	t_check "no description without a driver's" \
		test ! -e $types/mtty-1/description
	t_eq "description" "$(cat $mdpy/mdpy-vga/description)" \
		"virtual display, 640x480 framebuffer"
	t_eq "mode of create" "$(stat -c %a $types/mtty-1/create)" 200
	t_eq "mode of available_instances" \
		"$(stat -c %a $types/mtty-1/available_instances)" 444

	id=$stem-000000000010
	echo $id >$types/mtty-2/create
	t_eq "mdev_type link" "$(readlink -f $bus/$id/mdev_type)" \
		"$(readlink -f $types/mtty-2)"
	t_eq "devices link" "$(readlink -f $types/mtty-2/devices/$id)" \
		"$(readlink -f $bus/$id)"
	t_eq "driver" "$(basename $(readlink $bus/$id/driver))" mtty
	t_eq "mode of remove" "$(stat -c %a $bus/$id/remove)" 200
	t_check "it has a vfio device" sh -c "ls $bus/$id/vfio-dev | grep -q vfio"

	refused "duplicate GUID" $id $types/mtty-2 EEXIST
	refused "duplicate GUID, other type" $id $types/mtty-1 EEXIST
	refused "duplicate GUID, other parent" $id $mdpy/mdpy-vga EEXIST
	refused "duplicate GUID, upper case" \
		83B8F4F2-509F-382F-3C1E-000000000010 $types/mtty-1 EEXIST

	t_errno "remove: no number" EINVAL sh -c "echo x >$bus/$id/remove"
	t_check "remove: 0 does nothing" sh -c "echo 0 >$bus/$id/remove"
	t_check "remove: still there" test -e $bus/$id/remove
	t_check "remove: a number" sh -c "echo 1 >$bus/$id/remove"
	t_check "remove: gone from the type" \
		test ! -e $types/mtty-2/devices/$id
	t_errno "remove: gone" "nonexistent" sh -c "echo 1 >$bus/$id/remove"
}

# The limit of mdpy is one for its three types; mtty keeps its own books.
counts()
{
	before=$(cat $mdpy/mdpy-vga/available_instances)
	t_eq "mdpy: count=1000 from its parameter" $before 1000
	echo $stem-000000000020 >$mdpy/mdpy-vga/create
	echo $stem-000000000021 >$mdpy/mdpy-hd/create
	for t in vga xga hd; do
		t_eq "mdpy-$t shares the limit" \
			"$(cat $mdpy/mdpy-$t/available_instances)" 998
	done
	echo 1 >$bus/$stem-000000000020/remove
	echo 1 >$bus/$stem-000000000021/remove
	settled $mdpy/mdpy-xga 1000
	t_eq "mdpy: given back" "$(cat $mdpy/mdpy-xga/available_instances)" 1000

	settled $types/mtty-1 24
	ports=$(cat $types/mtty-1/available_instances)
	n=0
	while [ $n -lt $ports ]; do
		printf "$stem-0000000003%02d" $n >$types/mtty-1/create || break
		n=$((n + 1))
	done
	t_eq "mtty: all ports can be had" $n $ports
	t_eq "mtty: none left" "$(cat $types/mtty-2/available_instances)" 0
	t_errno "mtty: its driver refuses" ENOSPC \
		sh -c "echo $stem-000000000399 >$types/mtty-1/create"
	for d in $bus/$stem-0000000003*; do
		echo 1 >$d/remove
	done
	settled $types/mtty-1 $ports
	t_eq "mtty: all ports back" \
		"$(cat $types/mtty-1/available_instances)" $ports
}

guest()
{
	types=/sys/class/mdev_bus/mtty/mdev_supported_types
	mdpy=/sys/class/mdev_bus/mdpy/mdev_supported_types
	bus=/sys/bus/mdev/devices
	stem=83b8f4f2-509f-382f-3c1e

	modprobe mtty
	modprobe mdpy count=1000
	modprobe mbochs
	modprobe mdma 2>/dev/null
	guid_table
	names
	counts

	t_eq "mbochs: a third type" "$(cat /sys/class/mdev_bus/mbochs/mdev_supported_types/mbochs-small/available_instances)" 64
	mdev_race_test
}
