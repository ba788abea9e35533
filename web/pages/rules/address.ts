// What of the page is in its address: the listener, the filter, which drawer is open and on what.
import { useLocation } from 'preact-iso/router'
import { useMemo } from 'preact/hooks'
import { to } from '../../data/urls.ts'

export interface Address {
  readonly query: URLSearchParams
  /** With these parameters; null takes one away. `isNew`: the way back leads here. */
  readonly set: (next: Readonly<Record<string, string | readonly string[] | null>>, isNew?: boolean) => void
}

export function useAddress(): Address {
  const { url, route } = useLocation()
  return useMemo(() => {
    const query = new URLSearchParams(url.split('?')[1] ?? '')
    return {
      query,
      set: (next, isNew = false) => {
        // That of now: another may have changed it since this was drawn.
        route(to(`/rules${withParams(new URLSearchParams(location.search), next)}`), !isNew)
      },
    }
  }, [url, route])
}

function withParams(query: URLSearchParams, next: Parameters<Address['set']>[0]): string {
  for (const [name, value] of Object.entries(next)) {
    query.delete(name)
    for (const one of value === null ? [] : [value].flat()) query.append(name, one)
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** No drawer at all. */
export const NO_DRAWER = {
  ...{ edit: null, new: null, like: null },
  ...{ test: null, method: null, client: null, header: null },
  ...{ at: null, alpn: null },
} as const
