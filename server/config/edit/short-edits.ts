// Edits of a config in the short form: asked for by the paths of the long one, made in the words that stand
// there, for as long as those can say it.
import type { Plain } from '../spell.ts'
import { SHORT_KEYS, shortPath } from '../short.ts'
import { type MapTree, type Path, treeAt } from '../tree.ts'
import { type Edit, isList } from './values.ts'

/** The edits of what is written; null: the short form cannot say it. */
export function shortEdits(written: MapTree, edit: Edit): readonly Edit[] | null {
  const [first, name, key, ...rest] = edit.path
  if (first === undefined || first === 'certificates') return null
  const isGroup = first === 'listeners' || first === 'backends' || first === 'rules'
  if (!isGroup) return [edit]
  if (key === undefined || name !== (first === 'rules' ? 0 : 'default')) return null
  if (first === 'rules' && key === 'middleware') return stepEdits(written, edit)
  const head = first === 'rules' ? ruleKey(key) : first === 'listeners' ? listenerKey(key) : backendKey(key)
  return head === null || (edit.do === 'rename' && rest.length === 0)
    ? null
    : [{ ...edit, path: [head, ...rest] }]
}

const isOf = (keys: readonly string[], key: string | number): boolean => keys.includes(String(key))
const ruleKey = (key: string | number): string | null => (key === 'match' ? key : null)
const listenerKey = (key: string | number): string | null =>
  key === 'bind' ? 'listen' : isOf(SHORT_KEYS.listener, key) ? String(key) : null
const backendKey = (key: string | number): string | null =>
  key === 'servers' ? 'backends' : isOf(SHORT_KEYS.backend, key) ? String(key) : null

/** Steps stand at the top by their names, in the order of the file, or in a list. */
function stepEdits(written: MapTree, edit: Edit): readonly Edit[] | null {
  const count = countOfSteps(written)
  if (edit.path.length === 3) {
    if (edit.do !== 'set' || count > 0 || !isList(edit.to)) return null
    const edits = edit.to.map((step) => newStep(written, step))
    return edits.every((one) => one !== null) ? edits : null
  }
  const place = shortPath(written)(edit.path)
  if (edit.path.length > 4) return [{ ...edit, path: place }]
  if (edit.do === 'remove') return [{ ...edit, path: place }]
  if (edit.do === 'set' && treeAt(written, place) !== null) return replacedStep(edit.to, place)
  if (edit.do !== 'insert' && edit.do !== 'set') return null
  const added = edit.path[3] === count ? newStep(written, edit.to) : null
  return added === null ? null : [added]
}

function countOfSteps({ entries }: MapTree): number {
  const list = entries.get('middleware')?.value
  const named = SHORT_KEYS.steps.filter((key) => entries.has(key)).length
  return named + (list?.is === 'list' ? list.items.length : 0)
}

/** One behind all others. */
function newStep({ entries }: MapTree, step: Plain): Edit | null {
  const list = entries.get('middleware')?.value
  if (list?.is === 'list') {
    const isLast = [...entries.keys()].findLast((key) => key === 'middleware' || isOf(SHORT_KEYS.steps, key))
    return isLast === 'middleware'
      ? { do: 'insert', path: ['middleware', list.items.length], to: step }
      : null
  }
  if (typeof step !== 'object' || isList(step)) return null
  const [[name, options] = ['', ''], ...more] = Object.entries(step)
  return more.length > 0 || entries.has(name) ? null : { do: 'set', path: [name], to: options }
}

/** A step by its name holds its options only. */
function replacedStep(step: Plain, place: Path): readonly Edit[] | null {
  if (place[0] === 'middleware') return [{ do: 'set', path: place, to: step }]
  if (typeof step !== 'object' || isList(step)) return null
  const [[name, options] = ['', '']] = Object.entries(step)
  return name === place[0] ? [{ do: 'set', path: place, to: options }] : null
}
