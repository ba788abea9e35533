// The servers that were asked for a request, or a connection, in vain. A list, as there are few of them
// however many servers a backend has; none is made for what succeeds at once.

/** By their slots. Null: nobody was asked yet. */
export type Tried = readonly number[] | null

interface Slotted {
  readonly slot: number
}

export const isTried = (tried: Tried, { slot }: Slotted): boolean => tried !== null && tried.includes(slot)

/** This one as well. */
export function andTried(tried: Tried, server: Slotted): Tried {
  if (tried === null) return [server.slot]
  return isTried(tried, server) ? tried : [...tried, server.slot]
}

/** All but this one. */
export function butTried(tried: Tried, { slot }: Slotted): Tried {
  const others = tried?.filter((one) => one !== slot) ?? []
  return others.length === 0 ? null : others
}
