// What the address says besides its path: filters, the drawer that is open. It is shared, and gone back in.
import { useLocation } from 'preact-iso/router'

export type Query = Readonly<Record<string, string | undefined>>

export interface Address {
  readonly query: Query
  /** Sets these and keeps the others; undefined or '' takes one away. A filter replaces. */
  put(next: Query, how?: 'push' | 'replace'): void
  /** Goes to an address, as `to()` gives it. */
  go(href: string): void
}

export function useAddress(): Address {
  const { query, route } = useLocation()
  return {
    query,
    put: (next, how = 'push') => {
      // That of now, not of when this was drawn: several may be put in a row.
      const { pathname, search } = window.location
      const now = new URLSearchParams(search)
      for (const [name, value] of Object.entries(next))
        if (value === undefined || value === '') now.delete(name)
        else now.set(name, value)
      const text = now.toString()
      route(`${pathname}${text === '' ? '' : `?${text}`}`, how === 'replace')
    },
    go: (href) => route(href),
  }
}
