// The fields of a backend as the draft has them, and how they are changed.
import { change, changeOf, discard, draftedOf } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { segment } from '../../data/urls.ts'
import type { BackendResource } from './backend-fields.ts'

export interface DraftOf {
  /** As it is written. */
  readonly configured: JsonMap
  /** As it would be. */
  readonly value: JsonMap
  readonly isChanged: boolean
  /** A merge patch of what was changed (RFC 7396). */
  put(patch: JsonMap): void
  discard(): void
}

export function useDraftOf({ id, etag, configured: written }: BackendResource): DraftOf {
  const resource = `backends/${segment(id)}`
  const configured = written as unknown as JsonMap
  return {
    configured,
    value: draftedOf(resource, configured) ?? configured,
    isChanged: changeOf(resource)?.op === 'update',
    put: (patch) => change(resource, { etag, configured }, patch),
    discard: () => discard(resource),
  }
}
