// What can be done with a rule, behind the dots of its row.
import { changeOf, discard, remove } from '../../data/draft.ts'
import { ruleResource } from '../../data/rule-order.ts'
import { to } from '../../data/urls.ts'
import type { MenuItem } from '../../parts/popover.tsx'
import { type Address, NO_DRAWER } from './address.ts'
import { testOf } from './example-request.ts'
import type { RowShown } from './row-shown.ts'

interface Deeds {
  readonly set: Address['set']
  /** Why nothing can be changed now, whoever looks. */
  readonly whyNot: string | null
  readonly onMove: (id: string) => void
}

export function menuOf({ one }: RowShown, { set, whyNot, onMove }: Deeds): readonly MenuItem[] {
  const { id, item, rule, draft } = one
  const edits = { needs: 'editor', disabledWhy: whyNot } as const
  const line = item?.place.line
  return [
    { label: `Edit ${id}`, icon: 'edit', onPress: () => set({ ...NO_DRAWER, edit: id }, true) },
    { label: 'Move to…', icon: 'grip', ...edits, kbd: 'Alt ↑↓', onPress: () => onMove(id) },
    { label: 'Duplicate', icon: 'copy', ...edits, onPress: () => set({ ...NO_DRAWER, like: id }, true) },
    {
      label: 'Test a request like it',
      icon: 'play',
      onPress: () => set({ ...NO_DRAWER, ...testOf(rule) }, true),
    },
    ...(line === undefined
      ? []
      : [{ label: `Show in file, line ${line}`, icon: 'file', href: to(`/config?line=${line}`) } as const]),
    'line',
    ...(draft === null
      ? []
      : [{ label: 'Take out of the draft', icon: 'undo', ...edits, onPress: () => discardOf(id) } as const]),
    ...(draft === 'gone' ? [] : [removal(one, whyNot)]),
  ]
}

export const removal = (one: RowShown['one'], whyNot: string | null): MenuItem => ({
  ...{ label: `Remove ${one.id}`, icon: 'trash', isDanger: true, needs: 'editor', disabledWhy: whyNot },
  onPress: () => removeRule(one),
})

/** What the draft does to the rule itself; where it stands is left. */
export function discardOf(id: string): void {
  const resource = ruleResource(id)
  for (let left = changeOf(resource); left !== null; left = changeOf(resource)) discard(resource)
}

export const removeRule = ({ id, etag, item }: Pick<RowShown['one'], 'id' | 'etag' | 'item'>): void =>
  remove(ruleResource(id), { etag, configured: item?.configured ?? {} })
