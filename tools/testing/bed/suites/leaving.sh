# SPDX-License-Identifier: GPL-2.0-only
title="a device whose driver's module is on its way out gets no new user"
timeout=300
trees="ours"
programs="vfio/vfio_leaving_test"
extmods="tools/testing/selftests/vfio/modules"

guest()
{
	vfio_leaving_test
}
