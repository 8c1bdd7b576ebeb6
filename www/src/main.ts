// Starts the page.
import './trust'
import './arrive'
import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { prepare } from './text/language.svelte'

const target = document.getElementById('app')
if (target !== null) void prepare().then(() => mount(App, { target }))
