import reg from './index.cjs';

export const { getLoadablePath, load } = reg;
