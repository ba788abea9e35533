// What the audit has of a change of resources: each as it was written, and as it is written now.
import { noteForAudit } from '../audit-notes.ts'
import type { KnownConfig } from './known-config.ts'
import { pathOf, type Resource } from './resource.ts'
import { shownAt } from './shown-resource.ts'
import type { Wanted } from './sent-place.ts'
import type { Written } from './writing.ts'

/** Of a change of more the audit has the revisions, which can be compared. */
const RESOURCES_MAX = 20

/** Notes what became of resources; of a change that was refused or that changed nothing, nothing. */
export function noteWritten(request: Request, wanted: readonly Wanted[], written: Written): void {
  if (written.is !== 'done' || !written.isChanged) return
  const { was, known, planned } = written
  const [before, after]: [Words, Words] = [{}, {}]
  for (const [index, { operation }] of wanted.slice(0, RESOURCES_MAX).entries()) {
    const id = planned[index]?.id ?? ''
    if ('in' in operation) {
      // The order of all of them is told by the revisions.
      if (operation.op === 'create') put(after, known, { ...operation.in, id })
      continue
    }
    put(before, was, operation.of)
    if (operation.op !== 'delete') put(after, known, { ...operation.of, id })
  }
  noteForAudit(request, { before, after })
}

type Words = Record<string, unknown>

function put(into: Words, { value, config, tree }: KnownConfig, of: Resource): void {
  const path = pathOf(value, of, config)
  if (path !== null) into[`${of.name}/${of.id}`] = shownAt({ tree }, path)
}
