// What steps ask of servers that are no backend's, such as an identity provider: types only. How it is done:
// http1/web.ts.
export interface WebRequest {
  /** Absolute; http or https. */
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
  /** Until the whole answer is there, in ms. */
  readonly totalMs: number
  /** Most bytes of its body. */
  readonly bodyBytes: number
  /** Issuers of certificates that are trusted, as PEM, and no others; null: those of the system. */
  readonly ca: readonly string[] | null
}

export type WebAnswer =
  | { readonly is: 'answer'; readonly status: number; readonly body: Buffer }
  /** `why`: for people. */
  | { readonly is: 'failure'; readonly why: string }

export interface AsksWeb {
  /** Never rejected. Redirects are answers. */
  ask(request: WebRequest): Promise<WebAnswer>
}
