/** The sections a keyword may stand in, as rows name them. */
export const globalSection = ['global'];
export const anyProxy = ['defaults', 'frontend', 'listen', 'backend'];
export const frontSide = ['defaults', 'frontend', 'listen'];
export const backSide = ['defaults', 'listen', 'backend'];
export const anyButDefaults = ['frontend', 'listen', 'backend'];
export const bindLine = ['bind'];
export const serverLine = ['server'];
