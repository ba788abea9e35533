// The way out for shapes of YAML that splicing cannot do: the library writes the whole file anew. Comments
// stay, but indents, quotes and blank lines may become its own; whoever asked is told.
import { type Document, isCollection, isMap, isSeq, parseDocument } from 'yaml'
import { OPTIONS } from '../read-yaml.ts'
import type { Habits } from './habits.ts'
import type { Edit } from './values.ts'

/** The text with the edit, all of it written anew; null: it cannot be done this way either. */
export function reformatted(text: string, edit: Edit, habits: Habits): string | null {
  if (habits.isJson) return null
  try {
    const document = parseDocument(text, OPTIONS)
    if (!change(document, edit)) return null
    const made = document.toString({
      lineWidth: 0,
      indent: Math.max(habits.step, 1),
      indentSeq: habits.dashStep > 0,
      flowCollectionPadding: habits.pad !== '',
    })
    return habits.newline === '\n' ? made : made.replaceAll('\n', habits.newline)
  } catch {
    return null
  }
}

function change(document: Document, edit: Edit): boolean {
  const path = [...edit.path]
  const last = path.pop()
  const holder: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  switch (edit.do) {
    case 'set':
      document.setIn(edit.path, document.createNode(edit.to))
      return true
    case 'remove':
      return document.deleteIn(edit.path)
    case 'insert':
      if (!isCollection(holder)) return false
      if (isSeq(holder) && typeof last === 'number')
        holder.items.splice(last, 0, document.createNode(edit.to))
      else holder.set(last, document.createNode(edit.to))
      return true
    case 'move':
      if (!isSeq(holder) || typeof last !== 'number') return false
      holder.items.splice(edit.to, 0, ...holder.items.splice(last, 1))
      return true
    case 'rename': {
      if (!isMap(holder)) return false
      const pair = holder.items.find(({ key }) => String(key) === String(last))
      if (pair === undefined) return false
      pair.key = document.createNode(edit.to)
      return true
    }
  }
}
