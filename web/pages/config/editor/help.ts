// What may be written at the cursor, and what it means: of the schema of the config, and of the names in the
// text.
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import type { Extension } from '@codemirror/state'
import { hoverTooltip } from '@codemirror/view'
import {
  choicesOf,
  type Help,
  helpOf,
  isShortForm,
  keysOf,
  partsAt,
  type SchemaPart,
  type Step,
} from '../../../data/schema-walk.ts'
import { namesBelow, pathAt, placeAt } from '../../../data/yaml-path.ts'

/** Values of these keys are names of what stands below a section. */
const NAMES: Readonly<Record<string, string>> = {
  backend: 'backends',
  listener: 'listeners',
  certificate: 'certificates',
  certificates: 'certificates',
}

export function schemaHelp(schema: SchemaPart): Extension {
  return [
    autocompletion({
      override: [(context) => complete(schema, context)],
      icons: false,
      maxRenderedOptions: 200,
      activateOnTypingDelay: 60,
    }),
    hoverTooltip((view, position) => {
      const text = view.state.doc.toString()
      const path = pathAt(text, position)
      if (path === null) return null
      const help = helpAt(schema, text, path)
      if (help === null || help.description === '') return null
      return { pos: position, above: true, create: () => ({ dom: drawn(help) }) }
    }),
  ]
}

function complete(schema: SchemaPart, context: CompletionContext): CompletionResult | null {
  const text = context.state.doc.toString()
  const place = placeAt(text, context.pos)
  if (place === null) return null
  if (!context.explicit && place.kind === 'key' && place.from === context.pos) return null
  const parts = partsAt(schema, place.path, isShortForm(text))
  const options: Completion[] = []
  const isKeyed = /^\s*:/.test(text.slice(place.to, place.to + 2))
  if (place.kind !== 'value')
    for (const help of keysOf(schema, parts))
      if (!place.siblings.includes(help.name)) options.push(keyOption(help, isKeyed))
  if (place.kind !== 'key') {
    options.push(...nameOptions(text, place.path))
    for (const { value, description, isDefault } of choicesOf(parts))
      options.push({
        label: value,
        ...(isDefault && { detail: 'default' }),
        ...(description !== '' && { info: description }),
      })
  }
  return options.length === 0
    ? null
    : { from: place.from, to: Math.max(place.to, context.pos), options, validFor: /^[\w$.-]*$/ }
}

function keyOption(help: Help, isKeyed: boolean): Completion {
  const isBelow = help.type === 'map' || help.type === 'list'
  return {
    label: help.name,
    detail: help.byDefault === null ? help.type : help.byDefault,
    apply: isKeyed ? help.name : `${help.name}:${isBelow ? '' : ' '}`,
    info: () => drawn(help),
    boost: help.isRequired ? 1 : 0,
  }
}

function nameOptions(text: string, path: readonly Step[]): Completion[] {
  const key = path.findLast((step) => typeof step === 'string')
  const section = key === undefined ? undefined : NAMES[key]
  if (section === undefined || path[0] === section) return []
  return namesBelow(text, section).map((label) => ({ label, detail: section, boost: 2 }))
}

function helpAt(schema: SchemaPart, text: string, path: readonly Step[]): Help | null {
  const parts = partsAt(schema, path, isShortForm(text))
  return parts.length === 0 ? null : helpOf(String(path.at(-1) ?? ''), parts)
}

function drawn({ name, description, type, byDefault }: Help): HTMLElement {
  const box = document.createElement('div')
  box.className = 'cm-help'
  const head = document.createElement('b')
  head.textContent = name
  const small = document.createElement('small')
  small.textContent = [cut(type), byDefault === null ? '' : `default ${byDefault}`]
    .filter(Boolean)
    .join(' · ')
  box.append(head, document.createElement('br'), description, small)
  return box
}

const cut = (words: string): string => (words.length > 160 ? `${words.slice(0, 160)}…` : words)
