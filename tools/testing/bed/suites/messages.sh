# SPDX-License-Identifier: GPL-2.0-only
title="each message to the administrator is explained, and each explained is there; runs without a guest"
timeout=60

# host_messages FILE...: what is printed, a line each, with # for what differs and
# for words in capitals, as these stand for what differs in the documentation.
host_messages()
{
	python3 - "$@" <<'END'
import re, sys
for path in sys.argv[1:]:
    text = open(path).read()
    for call in re.findall(r'(?:dev|pr)_(?:info|notice|warn|err)(?:_ratelimited)?\((.*?)\);\n', text, re.S):
        # The first literals that follow each other are the format.
        words = re.search(r'(?:"(?:[^"\\]|\\.)*"\s*)+', call).group(0)
        words = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words))
        words = words.replace("\\n", "").replace('\\"', '"')
        print(re.sub(r"%pUl|%pe|%[a-z]+|\b[A-Z]{3,}\b", "#", words.removeprefix("vfio: ")))
END
}

host_explained()
{
	sed -n 's/^``\(.*\)``$/\1/p' Documentation/admin-guide/vfio.rst |
		sed -E 's/\b[A-Z]{3,}\b/#/g'
}

host_unexplained()
{
	h_doc=$(host_explained)
	host_messages drivers/vfio/why.c drivers/vfio/revoke.c drivers/vfio/mdev/device.c \
		drivers/vfio/mdev/type.c drivers/iommu/core/owner.c |
		sort -u |
		grep -vxF -- "$h_doc" && return 1
	return 0
}

host_not_there()
{
	h_code=$(host_messages drivers/vfio/why.c drivers/vfio/revoke.c drivers/vfio/group.c \
			drivers/vfio/device.c drivers/vfio/mdev/device.c drivers/vfio/mdev/type.c \
			drivers/iommu/core/owner.c)
	host_explained | grep -vxF -- "$h_code" && return 1
	return 0
}

host_run()
{
	t_check "the messages that refuse somebody something are explained" host_unexplained
	t_check "the messages that are explained are in the code" host_not_there
}
