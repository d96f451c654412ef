/*
 * System V shared memory: by ID and key, an odd size, attached twice and read-only, with holes and protections, moved, marked for removal, locked,
 * not attached at all; rights.
 */
#include "program.h"
#include <sys/ipc.h>
#include <sys/shm.h>

enum { Page = 4096, Bytes = 10 * Page + 100 };
static key_t key;
static unsigned char pages[1];

static int make(key_t of, size_t bytes, int mode)
{
    int id = must(shmget(of, bytes, IPC_CREAT | IPC_EXCL | mode));
    say("segment %d", id);
    return id;
}

static struct shmid_ds state(int id)
{
    struct shmid_ds found;
    must(shmctl(id, IPC_STAT, &found));
    return found;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    key = 0x5a000000 | (getpid() & 0xffffff);
    int plain = make(key, Bytes, 0640), parts = make(IPC_PRIVATE, Bytes, 0600), gone = make(key + 0x1000000, 3 * Page, 0600);
    int alone = make(IPC_PRIVATE, 2 * Page, 0604), small = make(IPC_PRIVATE, 5, 0600);
    char *first = must(shmat(plain, NULL, 0)), *second = must(shmat(plain, NULL, 0)), *reader = must(shmat(plain, NULL, SHM_RDONLY));
    fill(first, Bytes, 1);
    char *whole = must(shmat(parts, NULL, 0));
    fill(whole, Bytes, 2);
    must(mprotect(whole + Page, Page, PROT_READ));
    must(mprotect(whole + 2 * Page, Page, PROT_NONE));
    char *removed = must(shmat(gone, NULL, 0));
    fill(removed, 3 * Page, 3);
    must(shmctl(gone, IPC_RMID, NULL));
    char *unattached = must(shmat(alone, NULL, 0)), *tiny = must(shmat(small, NULL, 0));
    fill(unattached, 2 * Page, 4);
    must(shmdt(unattached));
    strcpy(tiny, "tiny");
    /* The holes last: the kernel puts new mappings into them. */
    must(munmap(whole + 4 * Page, 2 * Page));
    char *between = must(mmap(whole + 4 * Page, Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    char *room = must(mmap(NULL, 4 * Page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *moved = must(mremap(whole + 9 * Page, 2 * Page, 2 * Page, MREMAP_MAYMOVE | MREMAP_FIXED, room + Page));
    strcpy(between, "between");
    struct shmid_ds owner = state(alone);
    owner.shm_perm.uid = 12;
    owner.shm_perm.gid = 34;
    must(shmctl(alone, IPC_SET, &owner));
    must(shmctl(small, SHM_LOCK, NULL));
    ready_and_wait();

    require(shmget(key, Bytes, 0) == plain && state(plain).shm_nattch == 3 && state(plain).shm_segsz == Bytes, "the segment of the key: %d, %d times", shmget(key, Bytes, 0), (int)state(plain).shm_nattch);
    require(differs(first, Bytes, 1) < 0 && memcmp(first, second, Bytes) == 0 && memcmp(first, reader, Bytes) == 0, "contents");
    second[5000] ^= 1;
    require(first[5000] == second[5000] && reader[5000] == second[5000], "attachments are cut off from each other");
    require(mprotect(reader, Page, PROT_READ | PROT_WRITE) == -1 && errno == EACCES, "the read-only one can be written");
    require(strcmp(between, "between") == 0 && mincore(whole + 5 * Page, Page, pages) == -1, "the hole");
    require(write(STDERR_FILENO, whole + 2 * Page, 1) == -1 && errno == EFAULT && read(STDIN_FILENO, whole + Page, 1) <= 0, "protections");
    must(mprotect(whole + 2 * Page, Page, PROT_READ));
    char *again = must(shmat(parts, NULL, 0));
    require(differs(again, Bytes, 2) < 0 && memcmp(whole, again, 4 * Page) == 0 && memcmp(whole + 6 * Page, again + 6 * Page, 3 * Page) == 0, "parts");
    require(memcmp(moved, again + 9 * Page, 2 * Page) == 0, "the part that was moved");
    again[0] ^= 1;
    require(whole[0] == again[0], "the parts are another segment");
    must(shmdt(again));
    require(state(parts).shm_nattch == 6, "%d parts", (int)state(parts).shm_nattch);
    must(shmdt(whole));
    require(state(parts).shm_nattch == 1 && mincore(whole + 6 * Page, Page, pages) == -1, "shmdt leaves %d parts", (int)state(parts).shm_nattch);
    require(differs(removed, 3 * Page, 3) < 0 && (state(gone).shm_perm.mode & SHM_DEST) && shmget(key + 0x1000000, 0, 0) == -1, "the removed one");
    must(shmdt(removed));
    require(shmctl(gone, IPC_STAT, &owner) == -1 && errno == EINVAL, "the removed one is still there");
    owner = state(alone);
    require(owner.shm_nattch == 0 && owner.shm_perm.uid == 12 && owner.shm_perm.gid == 34 && owner.shm_perm.mode == 0604 && owner.shm_cpid == getpid(), "unattached: uid %d gid %d mode %o made by %d", owner.shm_perm.uid, owner.shm_perm.gid, owner.shm_perm.mode, owner.shm_cpid);
    unattached = must(shmat(alone, NULL, 0));
    require(differs(unattached, 2 * Page, 4) < 0, "contents of the unattached one");
    require(strcmp(tiny, "tiny") == 0 && state(small).shm_segsz == 5 && (state(small).shm_perm.mode & SHM_LOCKED) && state(plain).shm_perm.mode == 0640, "size and modes");
    must(shmctl(plain, IPC_RMID, NULL));
    must(shmctl(parts, IPC_RMID, NULL));
    must(shmctl(alone, IPC_RMID, NULL));
    must(shmctl(small, IPC_RMID, NULL));
    return pass();
}
