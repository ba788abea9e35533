// One request of the demo's traffic.

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Given each cookie that is set, as `name=value`. */
  readonly onCookie?: (cookie: string) => void
}

const TIMEOUT_MS = 5000

/** The status that was answered; 0: nobody answered in time. Proxies of the environment are not asked. */
export async function statusOf(
  url: string,
  { method = 'GET', headers = {}, signal, onCookie }: Sent = {},
): Promise<number> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await fetch(url, {
      ...{ method, headers, redirect: 'manual', proxy: '' },
      // The certificate is of the gateway's own making.
      tls: { rejectUnauthorized: false },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    await answer.arrayBuffer()
    if (onCookie !== undefined)
      for (const set of answer.headers.getSetCookie()) onCookie(set.split(';', 1)[0] ?? '')
    return answer.status
  } catch {
    return 0
  }
}
