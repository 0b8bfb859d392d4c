/** Names that mean a version. None can be taken for a version: those have dots. */
export const ALIAS_NAME = /^(?!latest$)(?!v\d+$)[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/i;

/** What an alias may be called, in words. */
export const WANTED_ALIAS =
  'letters, digits, "_" and "-", at most 255 characters, and neither latest nor v with a number, which have a meaning elsewhere';
