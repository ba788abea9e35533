// What is done with an upload: looked at before anything is kept, then kept and served in one change. It is
// no part of the draft, which lies in the browser: keys go to the gateway and nowhere else.
import type { Api, Changed, CheckedCertificate } from '../../data/api-types.ts'
import { type Answer, ask, servedRevision } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { applied } from '../../data/reviewing.ts'
import type { ServingListener } from './listeners.ts'

export interface Pair {
  readonly chain: string
  readonly key: string
}

/** `replaces`: one that is served, whose names it must be good for too. */
export function examine(
  { chain, key }: Pair,
  replaces: string | null,
  signal: AbortSignal,
): Promise<Answer<CheckedCertificate>> {
  const body = {
    certificate_pem: chain,
    ...(key !== '' && { private_key_pem: key }),
    ...(replaces !== null && { replaces }),
  }
  return ask('POST /api/v1/certificates/validate', {}, { body, signal })
}

export interface Kept {
  readonly name: string
  readonly pair: Pair
  /** Of the one that it takes the place of; null: it is a new one. */
  readonly etag: string | null
  readonly serving: readonly ServingListener[]
}

type Op = Api['POST /api/v1/changesets']['body']['ops'][number]

/** Keeps it and has listeners name it, all at once; “Applied · Undo” is shown then. */
export async function keep({ name, pair, etag, serving }: Kept): Promise<Answer<Changed>> {
  const value = { certificate_pem: pair.chain, private_key_pem: pair.key }
  const resource = `certificates/${encodeURIComponent(name)}`
  const own: Op =
    etag === null
      ? { op: 'create', resource: 'certificates', value: { name, ...value } }
      : { op: 'replace', resource, value, if_match: etag }
  const others = serving.map((one): Op => ({
    ...{ op: 'update', resource: one.resource, if_match: one.etag },
    value: { certificates: [...named(one), name] },
  }))
  const [begun, before] = [performance.now(), servedRevision.peek()]
  const body = {
    ops: [own, ...others],
    base_revision: before,
    message: `${etag === null ? 'upload of' : 'another file for'} certificate ${name}`,
  }
  const answer = await ask('POST /api/v1/changesets', {}, { body })
  if (!answer.ok) return answer
  const { change } = answer.value as { change: Changed }
  applied.value = {
    ...{ revision: change.revision ?? 0, before, hash: change.hash, tookMs: performance.now() - begun },
    ...{ operation: null, confirmBy: null, admin: null },
  }
  refreshHeld()
  return { ...answer, value: change }
}

/** As the file has it: what the draft would add is not there yet. */
const named = ({ configured }: ServingListener): string[] =>
  [configured['certificates'] ?? []].flat().map(String)
