// The twins are compiled by two compilers: asc, for which these are machine types, and tsc, for which
// they are all numbers. What keeps a twin portable:
//
//   - a twin imports nothing: asc wants "./x", Node's resolution "./x.js"
//   - `a[i]!` for reads (tsc counts indices as unchecked); no division of one i32 by another
//   - u32 results that may exceed 31 bits end in `>>> 0`
//   - no closures, no destructuring, no unions

type f64 = number;
type i32 = number;
type u32 = number;
