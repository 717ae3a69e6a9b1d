/* SPDX-License-Identifier: MIT */
/* folder.h: a temporary folder for a unit test's files. */
#ifndef FOLDER_H
#define FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_PATH = 512 };

static char folder[64];

static int folder_make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/reg-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static void folder_remove_tree(const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char inner[FOLDER_PATH];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (lstat(inner, &status) == 0 && S_ISDIR(status.st_mode))
            folder_remove_tree(inner);
        else
            unlink(inner);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static int folder_remove(void **state)
{
    (void)state;
    folder_remove_tree(folder);
    return 0;
}

__attribute__((unused)) static void folder_write(const char *name, const char *text)
{
    char path[FOLDER_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The only file in a folder below, as text; its mode in *mode. The caller frees it. */
__attribute__((unused)) static char *folder_read_only_file(const char *below, unsigned *mode)
{
    char path[FOLDER_PATH];
    char *text = NULL;
    size_t length = 0;
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, below);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char file_path[2 * FOLDER_PATH];
        if (entry->d_name[0] == '.')
            continue;
        assert_null(text);
        snprintf(file_path, sizeof file_path, "%s/%s", path, entry->d_name);
        assert_int_equal(stat(file_path, &status), 0);
        *mode = status.st_mode & 0777;
        FILE *file = fopen(file_path, "r");
        assert_non_null(file);
        FILE *memory = open_memstream(&text, &length);
        for (int byte; (byte = fgetc(file)) != EOF;)
            fputc(byte, memory);
        fclose(memory);
        fclose(file);
    }
    closedir(directory);
    assert_non_null(text);
    return text;
}

#endif
