/* SPDX-License-Identifier: MIT */
/* page_part.h: the unchanging parts of a page, built in from jobs/page/ and Debian's Chart.js. */
#ifndef PAGE_PART_H
#define PAGE_PART_H

#include <stddef.h>

struct page_part {
    const unsigned char *bytes;
    size_t length;
};

extern const struct page_part page_part_style;   /* jobs/page/style.css */
extern const struct page_part page_part_charts;  /* jobs/page/charts.js */
extern const struct page_part page_part_library; /* Chart.js, with its licence at the top */

#endif
