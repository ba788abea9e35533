// Where the dashboard begins.
import { render } from 'preact'
import './styles/tokens.css'
import './styles/base.css'

const place = document.getElementById('app')
if (place !== null) render(<h1>Sluice</h1>, place)
