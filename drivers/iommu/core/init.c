// SPDX-License-Identifier: GPL-2.0-only
/*
 * The beginning: boot parameters, the policy for default domains, the folder
 * /sys/kernel/iommu_groups, and listening to the buses. All of it runs once, on
 * one CPU; architecture code may call the setters before subsys_initcall.
 */
#define pr_fmt(fmt) "iommu: " fmt

#include <linux/cc_platform.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kstrtox.h>

#include "core.h"

/* What a group's default domain is when neither its driver nor the admin says. */
static unsigned int policy_type __read_mostly;
static bool policy_strict __read_mostly = IS_ENABLED(CONFIG_IOMMU_DEFAULT_DMA_STRICT);
/* Which of the two was chosen on the kernel command line. */
static bool strict_from_cmdline __initdata;
static bool type_chosen __read_mostly;

struct kset *iommu_group_kset;

/* IOMMU_DOMAIN_IDENTITY, IOMMU_DOMAIN_DMA or IOMMU_DOMAIN_DMA_FQ. */
unsigned int iommu_default_domain_type(void)
{
	return policy_type;
}

/**
 * iommu_set_default_passthrough() - let devices use physical addresses
 * @cmd_line: the user asked for it, so no built-in default overrides it
 */
void iommu_set_default_passthrough(bool cmd_line)
{
	policy_type = IOMMU_DOMAIN_IDENTITY;
	type_chosen |= cmd_line;
}

/**
 * iommu_set_default_translated() - let devices use addresses of the DMA API
 * @cmd_line: the user asked for it, so no built-in default overrides it
 */
void iommu_set_default_translated(bool cmd_line)
{
	policy_type = IOMMU_DOMAIN_DMA;
	type_chosen |= cmd_line;
}

/**
 * iommu_default_passthrough() - do devices use physical addresses by default?
 *
 * Context: any.
 * Return: true if so.
 */
bool iommu_default_passthrough(void)
{
	return policy_type == IOMMU_DOMAIN_IDENTITY;
}
EXPORT_SYMBOL_GPL(iommu_default_passthrough);

/**
 * iommu_set_dma_strict() - flush the IOTLB at every unmap
 *
 * For IOMMU drivers whose hardware makes the lazy mode pointless or wrong.
 */
void iommu_set_dma_strict(void)
{
	policy_strict = true;
	if (policy_type == IOMMU_DOMAIN_DMA_FQ)
		policy_type = IOMMU_DOMAIN_DMA;
}

static int __init iommu_passthrough_param(char *str)
{
	bool on;
	int ret = kstrtobool(str, &on);

	if (ret)
		return ret;
	if (on)
		iommu_set_default_passthrough(true);
	else
		iommu_set_default_translated(true);
	return 0;
}
early_param("iommu.passthrough", iommu_passthrough_param);

static int __init iommu_strict_param(char *str)
{
	int ret = kstrtobool(str, &policy_strict);

	strict_from_cmdline = !ret;
	return ret;
}
early_param("iommu.strict", iommu_strict_param);

static void __init settle_policy(void)
{
	if (!type_chosen) {
		bool passthrough = IS_ENABLED(CONFIG_IOMMU_DEFAULT_PASSTHROUGH);

		if (passthrough && cc_platform_has(CC_ATTR_MEM_ENCRYPT)) {
			pr_info("Memory encryption detected - Disabling default IOMMU Passthrough\n");
			passthrough = false;
		}
		policy_type = passthrough ? IOMMU_DOMAIN_IDENTITY : IOMMU_DOMAIN_DMA;
	}
	if (policy_type == IOMMU_DOMAIN_DMA && !policy_strict)
		policy_type = IOMMU_DOMAIN_DMA_FQ;
}

static int __init iommu_core_start(void)
{
	iommu_group_kset = kset_create_and_add("iommu_groups", NULL, kernel_kobj);
	if (!iommu_group_kset) {
		pr_err("no memory for /sys/kernel/iommu_groups: no device will have a group\n");
		return -ENOMEM;
	}
	iommu_debugfs_setup();
	return 0;
}
core_initcall(iommu_core_start);

static int __init iommu_core_listen(void)
{
	static const char from_cmdline[] __initconst = " (set via kernel command line)";

	settle_policy();
	pr_info("Default domain type: %s%s\n", iommu_domain_type_str(policy_type),
		type_chosen ? from_cmdline : "");
	if (!iommu_default_passthrough())
		pr_info("DMA domain TLB invalidation policy: %s mode%s\n",
			policy_strict ? "strict" : "lazy",
			strict_from_cmdline ? from_cmdline : "");
	return iommu_register_bus_notifiers();
}
subsys_initcall(iommu_core_listen);
