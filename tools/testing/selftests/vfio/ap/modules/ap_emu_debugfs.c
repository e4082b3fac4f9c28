// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of the emulator in debugfs, /sys/kernel/debug/ap_emu: its
 * configuration, what it shall answer wrongly, and what was asked of it.
 * Documentation/dev-tools/ap-emulator.rst describes them.
 *
 * Called by the users of the files; readers copy under ap_emu.lock and print
 * afterwards.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "ap_emu.h"

#define LINE_MAX_LEN	1000

/* Hand each line of a write to @take; the first refused one ends it. */
static ssize_t write_lines(const char __user *buf, size_t count, int (*take)(char *))
{
	char *text, *rest, *line;
	int ret = 0;

	if (count > LINE_MAX_LEN)
		return -E2BIG;
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = text;
	while (!ret && (line = strsep(&rest, "\n"))) {
		line = strim(line);
		if (*line && *line != '#')
			ret = take(line);
	}
	kfree(text);
	return ret ?: count;
}

/* apm, aqm, adm: one mask each, found by the file's private pointer. */
static int mask_show(struct seq_file *m, void *unused)
{
	DECLARE_BITMAP(mask, EMU_IDS);

	raw_spin_lock_irq(&ap_emu.lock);
	bitmap_copy(mask, m->private, EMU_IDS);
	raw_spin_unlock_irq(&ap_emu.lock);
	seq_printf(m, "%*pbl\n", EMU_IDS, mask);
	return 0;
}

static int mask_open(struct inode *inode, struct file *file)
{
	return single_open(file, mask_show, inode->i_private);
}

static ssize_t mask_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	unsigned long *mask = ((struct seq_file *)file->private_data)->private;
	unsigned int max = mask == ap_emu.apm ? ap_emu_na : ap_emu_nd;
	DECLARE_BITMAP(new, EMU_IDS);
	char *text;
	int ret;

	if (count > LINE_MAX_LEN)
		return -E2BIG;
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	bitmap_copy(new, mask, EMU_IDS);
	ret = ap_emu_parse_mask(strim(text), new, max);
	kfree(text);
	if (ret)
		return ret;
	raw_spin_lock_irq(&ap_emu.lock);
	bitmap_copy(mask, new, EMU_IDS);
	ap_emu_disarm_gone();
	raw_spin_unlock_irq(&ap_emu.lock);
	return count;
}

static const struct file_operations mask_fops = {
	.owner		= THIS_MODULE,
	.open		= mask_open,
	.read		= seq_read,
	.write		= mask_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static ssize_t control_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return write_lines(buf, count, ap_emu_command);
}

/* Queues that are not as they began: resets, messages, interrupts. */
static int control_show(struct seq_file *m, void *unused)
{
	struct ap_emu_queue q;
	unsigned int apqn;
	bool irq;

	for (apqn = 0; apqn < EMU_QUEUES; apqn++) {
		/* A look without the lock, for there are many. */
		q = ap_emu.queues[apqn];
		if (!q.resets && !q.nmsgs && !q.irq_at && !q.state && q.reset_ms < 0)
			continue;
		raw_spin_lock_irq(&ap_emu.lock);
		ap_emu_settle(ap_emu_queue(apqn), ktime_get_mono_fast_ns());
		q = ap_emu.queues[apqn];
		irq = ap_emu_irq_enabled(&q, ktime_get_mono_fast_ns());
		raw_spin_unlock_irq(&ap_emu.lock);
		seq_printf(m, "%02x.%04x state=%u resets=%u resetting=%d messages=%u irq=%d",
			   apqn >> 8, apqn & 0xff, q.state, q.resets, q.resetting, q.nmsgs, irq);
		if (irq)
			seq_printf(m, " isc=%u gisc=%u gisa=%#x nib=%#llx", q.ctrl.isc,
				   q.ctrl.gisc, q.ctrl.gisa << 4, q.nib);
		seq_putc(m, '\n');
	}
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	return single_open(file, control_show, NULL);
}

static const struct file_operations control_fops = {
	.owner		= THIS_MODULE,
	.open		= control_open,
	.read		= seq_read,
	.write		= control_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int inject_line(char *line)
{
	if (strcmp(line, "clear"))
		return ap_emu_rule_add(line);
	raw_spin_lock_irq(&ap_emu.lock);
	memset(ap_emu.rules, 0, sizeof(ap_emu.rules));
	raw_spin_unlock_irq(&ap_emu.lock);
	return 0;
}

static ssize_t inject_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return write_lines(buf, count, inject_line);
}

static void seq_id(struct seq_file *m, int id, int digits)
{
	if (id < 0)
		seq_putc(m, '*');
	else
		seq_printf(m, "%0*x", digits, id);
}

static int inject_show(struct seq_file *m, void *unused)
{
	struct ap_emu_rule rule;
	unsigned int i;

	for (i = 0; i < EMU_RULES; i++) {
		raw_spin_lock_irq(&ap_emu.lock);
		rule = ap_emu.rules[i];
		raw_spin_unlock_irq(&ap_emu.lock);
		if (!rule.count)
			continue;
		seq_printf(m, "%s ", ap_emu_op_names[rule.op]);
		seq_id(m, rule.card, 2);
		seq_putc(m, '.');
		seq_id(m, rule.domain, 4);
		if (rule.trap)
			seq_puts(m, " trap");
		else
			seq_printf(m, " %02x%s", rule.rc, rule.async ? " async" : "");
		if (rule.count < 0)
			seq_puts(m, " always\n");
		else
			seq_printf(m, " %d\n", rule.count);
	}
	return 0;
}

static int inject_open(struct inode *inode, struct file *file)
{
	return single_open(file, inject_show, NULL);
}

static const struct file_operations inject_fops = {
	.owner		= THIS_MODULE,
	.open		= inject_open,
	.read		= seq_read,
	.write		= inject_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/* log: what was executed, oldest first. Any write empties it. */
static int log_show(struct seq_file *m, void *unused)
{
	struct ap_emu_log *copy, *e;
	u64 seq, end;

	copy = vmalloc_array(EMU_LOG_ENTRIES, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	raw_spin_lock_irq(&ap_emu.lock);
	end = ap_emu.log_seq;
	memcpy(copy, ap_emu.log, EMU_LOG_ENTRIES * sizeof(*copy));
	raw_spin_unlock_irq(&ap_emu.lock);
	for (seq = end > EMU_LOG_ENTRIES ? end - EMU_LOG_ENTRIES : 0; seq < end; seq++) {
		e = &copy[seq & (EMU_LOG_ENTRIES - 1)];
		seq_printf(m, "%llu %llu.%06llu %s ", seq, e->time / NSEC_PER_SEC,
			   e->time % NSEC_PER_SEC / 1000, ap_emu_op_names[e->op]);
		if (e->op == EMU_UVC)
			seq_printf(m, "cmd=%04llx rc=%04x address=%#llx", e->gr1, e->status,
				   e->gr2);
		else
			seq_printf(m, "%02x.%04x rc=%02x status=%08x gr1=%#llx gr2=%#llx",
				   e->apqn >> 8, e->apqn & 0xff, e->status >> 16 & 0xff,
				   e->status, e->gr1, e->gr2);
		seq_printf(m, " %d %s\n", e->pid, e->comm);
	}
	vfree(copy);
	return 0;
}

static int log_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, log_show, NULL, SZ_512K);
}

static ssize_t log_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	raw_spin_lock_irq(&ap_emu.lock);
	ap_emu.log_seq = 0;
	raw_spin_unlock_irq(&ap_emu.lock);
	return count;
}

static const struct file_operations log_fops = {
	.owner		= THIS_MODULE,
	.open		= log_open,
	.read		= seq_read,
	.write		= log_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/* stats: counters, a line each. Any write sets them to 0. */
static int stats_show(struct seq_file *m, void *unused)
{
	struct ap_emu_stats stats;
	unsigned int op;

	raw_spin_lock_irq(&ap_emu.lock);
	stats = ap_emu.stats;
	raw_spin_unlock_irq(&ap_emu.lock);
	for (op = 0; op < EMU_OPS; op++)
		seq_printf(m, "%s %llu\n", ap_emu_op_names[op], stats.ops[op]);
	seq_printf(m, "interrupts %llu\nbad_nib %llu\nreset_plugged %llu\nreset_gone %llu\n",
		   stats.interrupts, stats.bad_nib, stats.reset_plugged, stats.reset_gone);
	return 0;
}

static int stats_open(struct inode *inode, struct file *file)
{
	return single_open(file, stats_show, NULL);
}

static ssize_t stats_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	raw_spin_lock_irq(&ap_emu.lock);
	memset(&ap_emu.stats, 0, sizeof(ap_emu.stats));
	raw_spin_unlock_irq(&ap_emu.lock);
	return count;
}

static const struct file_operations stats_fops = {
	.owner		= THIS_MODULE,
	.open		= stats_open,
	.read		= seq_read,
	.write		= stats_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

void ap_emu_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("ap_emu", NULL);

	debugfs_create_file("apm", 0600, dir, ap_emu.apm, &mask_fops);
	debugfs_create_file("aqm", 0600, dir, ap_emu.aqm, &mask_fops);
	debugfs_create_file("adm", 0600, dir, ap_emu.adm, &mask_fops);
	debugfs_create_file("control", 0600, dir, NULL, &control_fops);
	debugfs_create_file("inject", 0600, dir, NULL, &inject_fops);
	debugfs_create_file("log", 0600, dir, NULL, &log_fops);
	debugfs_create_file("stats", 0600, dir, NULL, &stats_fops);
	debugfs_create_u32("reset_ms", 0600, dir, &ap_emu.reset_ms);
	debugfs_create_u32("irq_ms", 0600, dir, &ap_emu.irq_ms);
	debugfs_create_u32("reply_ms", 0600, dir, &ap_emu.reply_ms);
}
