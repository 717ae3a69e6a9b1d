// SPDX-License-Identifier: MIT
import reg from './index.cjs';

export const { getLoadablePath, load } = reg;
