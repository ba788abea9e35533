// Who is asked whether a name may have a certificate on demand: an address of the user's own, by HTTP.
const WITHIN_MS = 3000

/** 200 admits it, nothing else does; a redirect is not followed. Rejects where there is no answer in time. */
export async function admits(url: string, name: string): Promise<boolean> {
  const at = new URL(url)
  at.searchParams.set('domain', name)
  const response = await fetch(at, { redirect: 'manual', signal: AbortSignal.timeout(WITHIN_MS) })
  // What else it says is nobody's business.
  await response.body?.cancel()
  return response.status === 200
}
