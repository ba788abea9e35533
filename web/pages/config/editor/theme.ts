// The editor in the page's own tokens: both themes, without a style of its own in the document.
import { HighlightStyle } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const mono = { fontFamily: 'var(--mono)', fontSize: 'var(--fs-mono)', lineHeight: 'var(--lh-base)' } as const

export const theme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--inset)', color: 'var(--text)' },
  // The ring is that of the place around it: here the gutter would cover it.
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { ...mono, overflow: 'auto' },
  '.cm-content': { padding: 'var(--s2) 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 var(--s3) 0 var(--s2)' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-bg)',
  },
  '.cm-gutters': { border: '0', backgroundColor: 'var(--inset)', color: 'var(--text-3)', userSelect: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '36px', padding: '0 var(--s1) 0 var(--s2)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-marked': { backgroundColor: 'var(--warn-bg)', boxShadow: 'inset 2px 0 var(--warn-mark)' },
  '.cm-foldPlaceholder': {
    padding: '0 var(--s1)',
    border: '1px solid var(--line-2)',
    backgroundColor: 'var(--active)',
    color: 'var(--text-2)',
  },
  '&.cm-focused .cm-matchingBracket, &.cm-focused .cm-nonmatchingBracket': {
    backgroundColor: 'var(--active)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-bg)', outline: '1px solid var(--warn-mark)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-bg)', outline: '1px solid var(--accent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--active)' },
  '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px dotted var(--down)' },
  '.cm-lintRange-warning': { backgroundImage: 'none', borderBottom: '2px dotted var(--warn)' },
  '.cm-gutter-lint': { width: '16px' },
  '.cm-lint-marker': { width: '12px', height: '12px', content: 'none' },
  '.cm-lint-marker-error': { borderRadius: '1px', background: 'var(--down-mark)', transform: 'scale(0.75)' },
  '.cm-lint-marker-warning': {
    background: 'var(--warn-mark)',
    clipPath: 'polygon(50% 0, 100% 100%, 0 100%)',
  },
  ...floating(),
  ...searchPanel(),
})

/** What floats: completions, help, what stands against a line. */
function floating() {
  return {
    '.cm-tooltip': {
      border: '1px solid var(--line-2)',
      borderRadius: 'var(--r2)',
      backgroundColor: 'var(--raised)',
      boxShadow: 'var(--shadow)',
      color: 'var(--text)',
    },
    '.cm-tooltip.cm-tooltip-autocomplete > ul': { ...mono, maxHeight: '240px' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px var(--s2)' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
      backgroundColor: 'var(--accent-bg)',
      color: 'var(--text)',
    },
    '.cm-completionMatchedText': { color: 'var(--accent)', textDecoration: 'none' },
    '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal' },
    '.cm-completionInfo': { maxWidth: '360px', padding: 'var(--s2) var(--s3)' },
    '.cm-help': {
      maxWidth: '420px',
      padding: 'var(--s2) var(--s3)',
      fontFamily: 'var(--sans)',
      fontSize: 'var(--fs-base)',
      lineHeight: 'var(--lh-base)',
    },
    '.cm-help b': { fontWeight: 'var(--w-medium)', fontFamily: 'var(--mono)', fontSize: 'var(--fs-mono)' },
    '.cm-help small': { display: 'block', color: 'var(--text-3)', fontSize: 'var(--fs-small)' },
    '.cm-diagnostic': {
      padding: 'var(--s2) var(--s3)',
      fontFamily: 'var(--sans)',
      fontSize: 'var(--fs-base)',
      maxWidth: '520px',
    },
    '.cm-diagnostic-error': { borderLeft: '3px solid var(--down-mark)' },
    '.cm-diagnostic-warning': { borderLeft: '3px solid var(--warn-mark)' },
  } as const
}

function searchPanel() {
  return {
    '.cm-panels': { backgroundColor: 'var(--panel)', color: 'var(--text)' },
    '.cm-panels-top': { borderBottom: '1px solid var(--line)' },
    '.cm-panel.cm-search': {
      padding: 'var(--s2) var(--s8) var(--s2) var(--s3)',
      fontFamily: 'var(--sans)',
      fontSize: 'var(--fs-small)',
    },
    '.cm-textfield': {
      height: 'var(--h-md)',
      padding: '0 var(--s2)',
      border: '1px solid var(--edge)',
      borderRadius: 'var(--r2)',
      backgroundColor: 'var(--inset)',
      color: 'var(--text)',
      fontSize: 'var(--fs-mono)',
      fontFamily: 'var(--mono)',
    },
    '.cm-button': {
      height: 'var(--h-md)',
      padding: '0 var(--s2)',
      border: '1px solid var(--line-2)',
      borderRadius: 'var(--r2)',
      backgroundColor: 'var(--raised)',
      backgroundImage: 'none',
      color: 'var(--text)',
      fontSize: 'var(--fs-small)',
    },
    '.cm-panel.cm-search [name=close]': { width: '24px', height: '24px', color: 'var(--text-2)' },
  } as const
}

/** In greys: colours are states, and blue is what is acted on. Values stand out, since they are read. */
export const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--text-2)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: [tags.string, tags.content], color: 'var(--text)' },
  { tag: [tags.labelName, tags.typeName], color: 'var(--c4)' },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], color: 'var(--text-3)' },
  { tag: tags.meta, color: 'var(--text-2)' },
])
