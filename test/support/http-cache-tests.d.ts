// What of the package http-cache-tests is used; it has no types of its own.
interface CacheTest {
  readonly id: string
  readonly name: string
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
  readonly requests: readonly { readonly pause_after?: boolean }[]
}

declare module 'http-cache-tests/tests/index.mjs' {
  const suites: readonly { readonly id: string; readonly tests: readonly CacheTest[] }[]
  export default suites
}

declare module 'http-cache-tests/client/runner.mjs' {
  type Suites = readonly { readonly id: string; readonly tests: readonly CacheTest[] }[]
  export const runTests: (
    ...asked: [
      suites: Suites,
      fetch: (url: string, init?: RequestInit) => Promise<Response>,
      isBrowser: boolean,
      base: string,
      atOnce: number,
    ]
  ) => Promise<void>
  /** True, or the kind of failure and its words. */
  export function getResults(): Readonly<Record<string, true | readonly [kind: string, why: string]>>
}

declare module 'http-cache-tests/server/handle-config.mjs' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  type Handle = (segments: readonly string[], request: IncomingMessage, response: ServerResponse) => void
  const handle: Handle
  export default handle
}

declare module 'http-cache-tests/server/handle-state.mjs' {
  import handle from 'http-cache-tests/server/handle-config.mjs'
  export default handle
}

declare module 'http-cache-tests/server/handle-test.mjs' {
  import handle from 'http-cache-tests/server/handle-config.mjs'
  export default handle
}
