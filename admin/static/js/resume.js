/* After a new sign-in the form that was open is asked for again; without scripts its button does it. */
document.querySelector("body.bare form[data-resume]")?.requestSubmit();
