/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the VFIO selftests share: finding a device under test and its nodes,
 * thin wrappers of the uapi that return a negative errno, and the kernel log.
 * Every wrapper makes exactly one system call, so an expected errno is that
 * call's own. Nothing here prints TAP: the programs judge what they get back.
 */
#ifndef VFIO_SELFTEST_UTIL_H
#define VFIO_SELFTEST_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include <linux/vfio.h>

#define VFIO_CONTAINER_NODE	"/dev/vfio/vfio"
#define IOMMUFD_NODE		"/dev/iommu"
#define MTTY_TYPE		"mtty-1"
#define EDU_VENDOR		0x1234
#define EDU_DEVICE		0x11e8

/* The mdev takes its DMA through the emulated iommu, the PCI function not. */
enum vfio_dut_kind {
	VFIO_DUT_MDEV,
	VFIO_DUT_PCI,
};

/* A device under test: where it lives in sysfs, and its two nodes in /dev. */
struct vfio_dut {
	enum vfio_dut_kind kind;
	char name[64];		/* what VFIO_GROUP_GET_DEVICE_FD is asked for */
	char sysfs[256];
	char cdev[64];		/* empty where the device has no cdev */
	char group[64];
};

/*
 * vfio_dut_get - have a device bound to its vfio driver, ready to be opened
 *
 * The mdev is created at first use and lives until the program ends, or is
 * the one named by $VFIO_TEST_MDEV. The PCI function is the nth edu of the
 * machine, or $VFIO_TEST_PCI; it stays bound to vfio-pci.
 * Return: 0 or a negative errno, *why then says what is missing.
 */
int vfio_dut_get(struct vfio_dut *dut, enum vfio_dut_kind kind, int nth,
		 const char **why);
/* The same for any device that is bound already. */
int vfio_dut_from_sysfs(struct vfio_dut *dut, const char *sysfs);
/* The first two edu functions that are in one group, with their cdevs. */
bool vfio_dut_pair(struct vfio_dut dut[2]);
/* An mdev of its own, for tests that take it away. Undone by mdev_remove(). */
int vfio_dut_new_mdev(struct vfio_dut *dut);

/* sysfs. The attribute's trailing newline is cut off. */
int sysfs_read(const char *path, char *buf, size_t size);
int sysfs_write(const char *path, const char *value);
int sysfs_link_name(const char *path, char *buf, size_t size);
int vfio_find_cdev(const char *sysfs, char *node, size_t size);
int vfio_find_group(const char *sysfs, char *node, size_t size);

/* A fresh version 4 GUID, different in every call and every program. */
void mdev_guid(char guid[37]);
int mdev_create(const char *type, const char *guid);
int mdev_remove(const char *guid);
int pci_find(unsigned int vendor, unsigned int device, int nth, char bdf[16]);
int pci_bind(const char *bdf, const char *driver);
int pci_unbind(const char *bdf);

/* Files. */
int node_open(const char *path);
int container_open(void);
int iommufd_open(void);

/* The cdev path. */
int vfio_ioctl(int fd, unsigned long cmd, void *arg);
int vfio_ioctl_val(int fd, unsigned long cmd, unsigned long val);
int vfio_bind(int device, int iommufd, __u32 *devid);
int vfio_attach(int device, __u32 *pt_id);
int vfio_detach(int device);
int vfio_open_bind(const struct vfio_dut *dut, int iommufd, __u32 *devid);
int ioas_alloc(int iommufd, __u32 *id);
int ioas_map(int iommufd, __u32 ioas, void *va, size_t len, __u64 iova);
int ioas_unmap(int iommufd, __u32 ioas, __u64 iova, __u64 len);
int iommufd_destroy(int iommufd, __u32 id);

/* The group and container path. */
int group_status(int group, __u32 *flags);
int group_set_container(int group, int container);
int group_unset_container(int group);
int group_get_device(int group, const char *name);
int container_set_iommu(int container, unsigned long type);
int container_map(int container, void *va, size_t len, __u64 iova);
int container_unmap(int container, __u64 iova, __u64 *len);
/* group, container and SET_IOMMU in one: fds[0] group, fds[1] container. */
int vfio_open_group_container(const struct vfio_dut *dut, int fds[2]);

/* A bound device. */
int device_info(int device, struct vfio_device_info *info);
int device_region(int device, unsigned int index,
		  struct vfio_region_info *info);
int device_config_read(int device, unsigned int offset, void *buf, size_t len);
/* 0 if the device answers as a bound PCI device does, else a negative errno. */
int device_alive(int device);

/*
 * 0 if nobody holds a claim on the device: its group can be opened, and after
 * that another file can be bound. A negative errno says what stood in the way.
 */
int device_is_free(const struct vfio_dut *dut);

/* Memory that faults on the first write at the returned address + @readable. */
void *readonly_tail(size_t readable);

/* Clear a capability from the effective set of the calling process. */
int drop_capability(int cap);

/*
 * The kernel log from a point on: kmsg_mark() remembers now, kmsg_find() looks
 * for the first line since then that matches one of the patterns, and
 * kmsg_splat() for one that speaks of a kernel defect. True if found; the line
 * is copied out.
 */
int kmsg_mark(void);
bool kmsg_find(int mark, const char *const *patterns, char *line, size_t size);
bool kmsg_splat(int mark, char *line, size_t size);

/* Milliseconds of the monotonic clock. */
long long now_ms(void);
void sleep_ms(unsigned int ms);

#endif
