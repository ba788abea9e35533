// How it looks and which keys work, kept in this browser.
import { hasLetterKeys, openKeys, setLetterKeys } from '../../data/keys-state.ts'
import { setTheme, theme, THEME_WORDS, THEMES } from '../../data/theme.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { SwitchField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import css from './settings.module.css'

export function Appearance() {
  return (
    <Panel>
      <div class={css.form}>
        <Field isGroup label="Theme">
          <Segmented
            label="Theme"
            options={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))}
            value={theme.value}
            onPick={setTheme}
          />
        </Field>
        <Field
          label="Letter keys"
          help="Single letters go to pages, filter and open. Turn them off where speech or a switch types for you; Ctrl K stays."
        >
          <SwitchField value={hasLetterKeys.value} onInput={setLetterKeys} words="Single letters are keys" />
        </Field>
        <div class="row">
          <Button onPress={openKeys}>Show all keys</Button>
        </div>
        <p class="supporting">
          Motion and contrast follow the system: less motion means none, more contrast draws every line.
        </p>
      </div>
    </Panel>
  )
}
