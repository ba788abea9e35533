// The fields of a backend as the draft has them, and how they are changed.
import { change, changeOf, discard, draftedOf } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import type { TriedChange } from '../../data/tried-change.ts'
import { segment } from '../../data/urls.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import type { BackendResource } from './backend-fields.ts'

export interface DraftOf {
  /** As it is written. */
  readonly configured: JsonMap
  /** As it would be. */
  readonly value: JsonMap
  readonly isChanged: boolean
  /** What the gateway says to it as it is. */
  readonly tried: TriedChange
  /** A merge patch of what was changed (RFC 7396). */
  put(patch: JsonMap): void
  discard(): void
}

export function useDraftOf({ id, etag, configured: written }: BackendResource): DraftOf {
  const resource = `backends/${segment(id)}`
  const configured = written as unknown as JsonMap
  const one = changeOf(resource)
  const isChanged = one?.op === 'update'
  return {
    configured,
    value: draftedOf(resource, configured) ?? configured,
    isChanged,
    tried: useTriedChange(isChanged ? one : null),
    put: (patch) => change(resource, { etag, configured }, patch),
    discard: () => discard(resource),
  }
}
