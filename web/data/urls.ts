// Addresses of pages and of the API, wherever a proxy in front has put them.
const here = import.meta.url

/**
 * Where the dashboard is, with a slash at the end: `/_admin/`, below whatever prefix. All chunks lie in
 * assets/.
 */
export const BASE = new URL('../', here).pathname

/** Of the API: what stands before `/api/v1`. */
export const API_BASE = BASE.replace(/_admin\/$/, '')

/** The address of a page: `/backends/api?tab=checks`, or what else is below the dashboard. */
export const to = (path: string): string => `${BASE}${path.replace(/^\//, '')}`

/** The page of an address: its path below the dashboard, with a slash before it. */
export const pageOf = (pathname: string): string =>
  pathname.startsWith(BASE) ? `/${pathname.slice(BASE.length)}` : '/'

/** Whether all that stands percent-encoded in an address can be read (`%E0%A4` cannot). */
export function isReadable(address: string): boolean {
  try {
    // Its answer is used: the bundler leaves out a call that is not, and with it what the call would throw.
    return decodeURIComponent(address).length <= address.length
  } catch {
    return false
  }
}

/** One segment of a path. */
export const segment = (name: string): string => encodeURIComponent(name)

/** A query without what is undefined; '' where nothing is left. */
export function queryOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
