// The code editor (CodeMirror), a chunk of its own. It lives in a shadow root, where its styles are adopted
// sheets, which the page's policy lets in.
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  StateField,
} from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import type { Finding } from '../../../data/findings.ts'
import type { SchemaPart } from '../../../data/schema-walk.ts'
import { schemaHelp } from './help.ts'
import { highlight, theme } from './theme.ts'

export interface MountOptions {
  readonly root: ShadowRoot
  readonly label: string
  readonly text: string
  readonly isYaml: boolean
  readonly isReadOnly: boolean
  readonly onText: (text: string) => void
  readonly onValidate: () => void
  /** Before something else looks at the draft. */
  readonly onFlush: () => void
}

export interface MountedEditor {
  readonly setText: (text: string) => void
  readonly setReadOnly: (isReadOnly: boolean) => void
  readonly setSchema: (schema: SchemaPart) => void
  readonly setFindings: (findings: readonly Finding[]) => void
  /** Scrolls to a line, puts the cursor there and marks it. */
  readonly reveal: (line: number, column?: number) => void
  readonly focus: () => void
  readonly destroy: () => void
}

/** Of changes that are not typed. */
const fromOutside = Annotation.define<boolean>()
const markLine = StateEffect.define<number>()

const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(markLine))
        return Decoration.set(Decoration.line({ class: 'cm-marked' }).range(effect.value))
    return lines.map(transaction.changes)
  },
  provide: (field) => EditorView.decorations.from(field),
})

/** A text of this many characters is told of once no key was pressed for a moment: to make it takes time. */
const LONG_CHARS = 100_000
const LONG_MS = 150

export function mount(options: MountOptions): MountedEditor {
  const readOnly = new Compartment()
  const help = new Compartment()
  let untold = 0
  const tell = (): void => {
    clearTimeout(untold)
    if (untold !== 0) options.onText(view.state.doc.toString())
    untold = 0
  }
  const view = new EditorView({
    root: options.root,
    parent: options.root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        basics(options),
        keysOf({ ...options, onFlush: () => (tell(), options.onFlush()) }),
        readOnly.of(readOnlyOf(options.isReadOnly)),
        help.of([]),
        EditorView.updateListener.of(({ docChanged, state, transactions }) => {
          if (!docChanged || transactions.some((one) => one.annotation(fromOutside) === true)) return
          clearTimeout(untold)
          if (state.doc.length < LONG_CHARS) return options.onText(state.doc.toString())
          untold = window.setTimeout(tell, LONG_MS)
        }),
      ],
    }),
  })
  return {
    setText: (text) => {
      const change = leastChange(view.state.doc.toString(), text)
      if (change !== null) view.dispatch({ changes: change, annotations: fromOutside.of(true) })
    },
    setReadOnly: (is) => view.dispatch({ effects: readOnly.reconfigure(readOnlyOf(is)) }),
    setSchema: (schema) => {
      if (options.isYaml) view.dispatch({ effects: help.reconfigure(schemaHelp(schema)) })
    },
    setFindings: (findings) => view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state, findings))),
    reveal: (line, column = 1) => {
      const { from, to } = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)))
      const anchor = Math.min(to, from + column - 1)
      view.dispatch({
        selection: { anchor },
        effects: [markLine.of(from), EditorView.scrollIntoView(anchor, { y: 'center' })],
      })
      view.focus()
    },
    focus: () => view.focus(),
    destroy: () => {
      tell()
      view.destroy()
    },
  }
}

function basics({ label, isYaml }: MountOptions): Extension {
  return [
    lineNumbers(),
    foldGutter(),
    codeFolding(),
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    history(),
    drawSelection(),
    dropCursor(),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    indentUnit.of('  '),
    search({ top: true }),
    marked,
    isYaml ? yaml() : [],
    theme,
    syntaxHighlighting(highlight),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', spellcheck: 'false' }),
  ]
}

const keysOf = ({ onValidate, onFlush }: MountOptions): Extension =>
  keymap.of([
    { key: 'Mod-Enter', run: () => (onValidate(), true) },
    // The page's own key goes on from there.
    { key: 'Mod-s', run: () => (onFlush(), false) },
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    ...lintKeymap,
    // Escape before Tab leaves the editor.
    indentWithTab,
  ])

/** Stays one that can be focused: what stands there may be searched and copied. */
const readOnlyOf = (is: boolean): Extension => EditorState.readOnly.of(is)

/** Only the part that differs, so that the cursor and what is folded stay where they are. */
function leastChange(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null
  const least = Math.min(before.length, after.length)
  let head = 0
  while (head < least && before[head] === after[head]) head++
  let tail = 0
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) }
}

function diagnosticsOf(state: EditorState, findings: readonly Finding[]): Diagnostic[] {
  return findings.map(({ line, column, severity, message, hint }) => {
    const found = state.doc.line(Math.max(1, Math.min(line ?? 1, state.doc.lines)))
    const from = Math.min(found.to, found.from + Math.max(0, (column ?? 1) - 1))
    const word = /^(?:"[^"]*"|'[^']*'|[^\s,{}[\]]+)/.exec(state.sliceDoc(from, found.to))?.[0].length ?? 0
    const to = Math.min(found.to, from + Math.max(1, word))
    return { from, to, severity, message: hint === undefined ? message : `${message}; ${hint}` }
  })
}
