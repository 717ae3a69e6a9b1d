/* SPDX-License-Identifier: MIT */
/* import_input.h: the rows of a file that is imported or explained: from its bytes, decompressed or
 * of a stream, to its records in whatever form. */
#ifndef IMPORT_INPUT_H
#define IMPORT_INPUT_H

#include "import/import_file.h"
#include "intake/intake.h"
#include "source/decompress.h"
#include "source/stream.h"

struct import_input {
    const struct import_file *file;
    bool discreet; /* messages repeat nothing of the file */
    struct stream stream;
    struct input_descriptor holder;
    struct input_source source; /* of those */
    struct decompress *packed;
    struct intake *intake;
};

/* Opens the rows, to be read from the beginning. False: `error`, or import_input_fault(). Closed by
 * import_input_close() in either case. */
bool import_input_open(struct import_input *input, const struct import_file *file, bool discreet,
                       struct error *error);
void import_input_close(struct import_input *input);

/* Makes sure that a document is whole, which is read twice for that; nothing where it cannot be (a
 * stream), or need not. False: as above. */
bool import_input_check(struct import_input *input, struct error *error);

/* Why the file itself cannot be read, of which the records know nothing; NULL: it can. */
const char *import_input_fault(const struct import_input *input, char text[160]);

/* Byte by byte, at any place, as the records give it: neither a pipe nor a compressed file nor one
 * in another encoding. */
bool import_input_can_be_read_again(const struct import_input *input);

#endif
