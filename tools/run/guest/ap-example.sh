# SPDX-License-Identifier: GPL-2.0-only
# The example of Documentation/arch/s390/vfio-ap.rst, as it runs in the guest:
# POSIX sh on top of bed.sh. Shared by "make run", which tells it as a story,
# and the suite ap-example.
#
# The document is the script: each literal block between the headline of the
# example and the next one is typed, and must print what it has below each
# command. The text before a block is told first. Lines that begin with ":: "
# and "$ " are as in mainjob.sh.

# /root/ex/N.say and N.block, for N from 1.
ap_split()
{
	mkdir -p /root/ex
	awk '
	/^An example without/ { on = 1; getline; next }
	/^Life and locks/ { exit }
	!on || /^$/ { next }
	/^   / { block = 1; print substr($0, 4) >("/root/ex/" n ".block"); next }
	block || !n { n++; block = 0 }
	{ sub(/::$/, ":"); print >("/root/ex/" n ".say") }
	' n=0 /usr/lib/bed/vfio-ap.rst
}

# The commands of a block, each with what it printed, to /root/got. What they
# do to this shell, as cd does, is to last.
ap_type()
{
	while IFS= read -r a_line; do
		case $a_line in
		"# "*)	echo "$a_line"
			eval "${a_line#??}" 2>&1 ;;
		esac
		case $a_line in
		# Adapters take a moment to come.
		*zcrypt_cex4)	wait_for 20 grep -q complete /sys/bus/ap/bindings ;;
		esac
	done <"$1" >/root/got
	# Times are no part of it, nor is the name of the shell.
	sed -i 's/^\[ *[0-9.]*\] //; s/^.*: write error: /sh: write error: /' /root/got
}

ap_example()
{
	cp /lib/modules/ap_emu.ko /root/
	ap_split
	a_blocks=$(ls /root/ex | grep -c block)
	echo "# steps: $((a_blocks + 1))"
	echo "## vfio-ap: crypto adapters for a guest, emulated"
	t_check "the document has the example" grep -q assign_adapter /root/ex/3.block
	cd /root || return
	a_n=1
	while [ $a_n -le "$a_blocks" ]; do
		sed 's/^/:: /' /root/ex/$a_n.say
		ap_type /root/ex/$a_n.block
		sed 's/^# /$ /; t
			s/^/    /' /root/got
		t_check "it prints what the document says, part $a_n" \
			diff /root/ex/$a_n.block /root/got
		a_n=$((a_n + 1))
	done
}
