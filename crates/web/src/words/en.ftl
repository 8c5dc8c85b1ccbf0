# Words that patients read. Plain English, grade six; no diagnosis, no body part.

language-name = English
skip-to-content = Skip to content
choose-language = Language
call-us = Call us: { $phone }
private-page = This page is only for you. Please do not share the link.
weekday = { $day ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date = { $weekday }, { $month } { $day }
clock = { $hour }:{ $minute } { $half ->
    [am] AM
   *[pm] PM
}
at-time = { $date } at { $time }
minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}

check-title = Is it you?
check-lede = To keep your visit private, please enter your date of birth.
check-legend = Date of birth
check-month = Month
check-choose = Choose
check-day = Day
check-year = Year
check-go = Continue
check-wrong = { $left ->
    [one] That is not the date we have. You can try once more.
   *[other] That is not the date we have. You can try { $left } more times.
}
check-unknown = We cannot check your birthday here. Please call us, and we will help you at once.
check-incomplete = Please enter the month, the day and the year.
check-locked = Too many tries. For your safety we ask no more today. You can always call us, or try again tomorrow.

hello = Hello, { $name }
visit-next = Here is your next visit.
visit-today = Your visit is today.
visit-confirm = Yes, I will come
visit-move = Change the time
visit-cannot = I cannot come
visit-calendar = Add to my calendar
visit-directions = Directions
visit-with = with { $clinician }
visit-confirmed = You are confirmed. See you then!
visit-move-asked = We have your wish for another time. We will write or call you soon. Until then this visit stays on the book.
visit-cancelled = This visit is cancelled. Thank you for telling us.
visit-cancelled-next = We will contact you about a new time, or you can call us.
visit-past = This visit is over. Thank you for coming.
visit-moved = Your visit has a new time. Here it is.
visit-none = You have no visit on the book.
visit-none-next = Call us and we will find a time that suits you.
visit-changed-mind = Did your plans change?

move-title = Another time?
move-lede = Until we have found another time, your visit stays: { $when }
move-how = We will look for times that suit you and write or call.
move-send = Yes, find me another time
wish-legend = When would suit you better?
wish-day = Day
wish-day-wrong = Please choose a day from today on, within a year.
wish-part = Time of day
wish-any = Any time
wish-morning = In the morning
wish-afternoon = In the afternoon
wish-evening = In the evening
wish-note = Anything else we should know?
wish-note-hint = We read this in opening hours. In an emergency call 911.
wish-note-long = That is too long for this page. Please shorten it or call us.
back = Back

cancel-title = Cancel this visit?
cancel-lede = { $when }
cancel-again = Shall we find you another time?
cancel-again-yes = Yes, please
cancel-again-no = Not for now
cancel-again-hint = We will write or call you with other times.
cancel-yes = Yes, cancel the visit
cancel-no = Keep the visit

preferences-title = Messages from us
preferences-lede = Choose what you want to hear about, and how.
preferences-link = Message settings
preferences-by-text = By text
preferences-by-text-to = to { $address }
preferences-by-mail = By e-mail
preferences-what = What
preferences-how = How
preferences-save = Save
preferences-saved = Saved.
preferences-stop-title = Stop everything
preferences-stop-lede = You will get no more texts or e-mails from us, not even reminders. Ask us by phone at any time to start again.
preferences-stop = Stop all messages
preferences-stopped = You will get no more messages from us.
purpose-care = My visits
purpose-care-hint = Reminders and changes
purpose-other = Exercises and offers
purpose-other-hint = Earlier times, exercise tips, short check-ins
purpose-financial = Payments
purpose-financial-hint = Balances and receipts
purpose-feedback = Feedback
purpose-feedback-hint = How we are doing
purpose-marketing = News
purpose-marketing-hint = Classes and events; rarely

expired-title = This link has expired
expired-lede = For your safety links work for a few days only.
expired-renew = Send me a new link
expired-renew-hint = It goes to the phone or e-mail that the old one went to.
expired-sent = A new link is on its way.
expired-stop = You want no more messages? This link is still good for that.
stop-title = Stop these messages?
stop-lede = You will get no more messages from { $practice } at this address.

error-back = Back to the start
error-back-patient = Back to my visit
error-not-found = We cannot find this page
error-not-found-lede = The address may be misspelt, or the page is no longer there. Go back to the start and look for it from there.
error-not-found-patient = Open the link in our latest text or e-mail once more. If it still leads here, please call your clinic.
error-busy-staff = If you forgot your password, ask an administrator for a sign-in link.
error-forbidden = You may not open this page
error-forbidden-lede = Your role does not include it. Go back to the start, or ask an administrator if you need it.
error-broken = Something went wrong on our side
error-broken-lede = Nothing was lost that you had saved. Please try again; if it stays, tell us this number:
error-busy = Too many tries
error-busy-lede = { $seconds ->
    [one] Please wait a second, then go back and try once more.
   *[other] Please wait { $seconds } seconds, then go back and try once more.
}
error-invalid = Something in the form makes no sense
error-invalid-lede = Nothing was saved. Go back, mend it and send it once more.
error-stale = That no longer fits
error-stale-lede = Somebody was faster, or it has changed meanwhile. Nothing was done; load the page again to see where it stands.
error-forgery = This form has expired
error-forgery-lede = Please go back, load the page again and send it once more.
