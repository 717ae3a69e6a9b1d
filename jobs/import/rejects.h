/* SPDX-License-Identifier: MIT */
/* rejects.h: FILE.IMPORT.rejects: the original bytes of records that could not be read, below the
 * file's own header, to be mended and imported again. The number of the import is in its name, so
 * that no other import goes on with it. */
#ifndef REJECTS_H
#define REJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REJECTS_PATH = 4096 };

/* Made with the first reject, mode 0600: an input file may hold secrets. */
struct rejects {
    char path[REJECTS_PATH];
    int folder;      /* that it is in, the caller's; AT_FDCWD: by its path */
    size_t name;     /* where its name in `folder` begins in `path` */
    int descriptor;  /* -1: not open */
    bool unnamed;    /* made by this run, its name not yet on the disk */
    uint64_t length; /* what the last commit knows of */
    uint64_t kept;   /* where to go on: longer is what a killed run left behind, and is cut off */
    uint64_t most, met; /* of all rejects' bytes: how many are kept, how many there were */
    uint64_t left_out,
        left_out_from; /* rejects of this run that are not kept, and the first's line */
};

/* `folder`: a descriptor of the folder that the path's last part is in, or AT_FDCWD. `kept` and
 * `met`: what the last commit of the import knows of. */
void rejects_begin(struct rejects *rejects, int folder, const char *path, uint64_t kept,
                   uint64_t met, uint64_t most);
void rejects_end(struct rejects *rejects);

/* Renames a file of that name to FILE.IMPORT.rejects.1, or the next number that is free: it is of
 * another ledger, and nobody may have mended it yet. To be called before an import's first commit,
 * so that a file found later is its own. False with errno. */
bool rejects_set_aside(const struct rejects *rejects);

/* Cuts off what is beyond the last commit, of an import that another one takes on. False with
 * errno. */
bool rejects_trim(const struct rejects *rejects);

/* Counts a reject of so many bytes. False: those before it and it are more than is kept, so that it
 * is to be left out. */
bool rejects_have_room(struct rejects *rejects, uint64_t length, uint64_t line);

/* Appends a reject, after the header where it is the first. `raw` may lack its line end. False with
 * errno. */
bool rejects_add(struct rejects *rejects, const char *header, size_t header_length, const void *raw,
                 size_t length);

/* The same for one that cannot be held in memory: `length` bytes of the input file from `offset`.
 */
bool rejects_copy(struct rejects *rejects, const char *header, size_t header_length, int input,
                  uint64_t offset, uint64_t length);

/* Back to what it was `before` the transaction that is written again. False with errno. */
bool rejects_go_back(struct rejects *rejects, const struct rejects *before);

/* On the disk, before the ledger says so. */
bool rejects_sync(struct rejects *rejects);

#endif
