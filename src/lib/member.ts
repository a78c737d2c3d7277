/** Returns a member of an unknown value; undefined if it has no such member. */
export function member(value: unknown, name: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
