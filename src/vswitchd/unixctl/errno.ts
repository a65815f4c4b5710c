/** errno's words, as OVS adds them in parentheses. */
export const EPERM = 'Operation not permitted';
export const ENOENT = 'No such file or directory';
export const EBUSY = 'Device or resource busy';
export const EEXIST = 'File exists';
export const ENODEV = 'No such device';
export const EINVAL = 'Invalid argument';
export const EFBIG = 'File too large';
export const EOPNOTSUPP = 'Operation not supported';
export const EAFNOSUPPORT = 'Address family not supported by protocol';
