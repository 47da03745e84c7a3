"""What people talk about in the corpus: words as a dictionary lists them."""

from __future__ import annotations

TEXT = """
зустріч проєкт задача сервер клієнт звіт рахунок договір оплата помилка оновлення версія файл документ презентація
таблиця посилання канал повідомлення команда користувач пароль доступ база тест гілка код функція модуль бібліотека
сторінка кнопка вікно екран телефон комп'ютер ноутбук клавіатура мережа зв'язок пошта лист відповідь питання рішення
план день тиждень місяць рік година хвилина ранок вечір ніч понеділок вівторок середа четвер п'ятниця субота неділя
місто вулиця будинок квартира офіс стіл стілець ключ машина дорога поїзд квиток літак вокзал магазин ціна гривня банк
картка чай хліб сіль вода обід вечеря кухня рецепт друг подруга брат сестра батько дитина син дочка лікар учитель
учень студент університет школа книга газета стаття слово мова переклад пісня фільм музика гра матч кінь кіт собака
ліс річка море гора поле дерево квітка сонце дощ сніг вітер погода здоров'я лікарня робота зарплата відпустка
співбесіда вакансія начальник менеджер розробник дизайнер якість швидкість безпека область країна держава закон суд
війна життя смерть любов надія знання навчання завдання рух шлях крок рука нога голова око серце кров зуб палець ґанок
аґрус робити зробити писати написати читати прочитати казати сказати бачити побачити знати думати хотіти давати дати
брати взяти прийти знайти шукати купити продати платити чекати почати закінчити відкрити закрити надіслати отримати
перевірити виправити додати видалити оновити запустити зупинити працювати малювати готувати їхати приїхати летіти
сидіти стояти лежати спати ходити нести любити розуміти допомагати допомогти дзвонити говорити зустріти залишити
забути пам'ятати вчити вирішити обговорити домовитися дивитися сподіватися користуватися новий старий великий малий
добрий поганий швидкий повільний важливий терміновий готовий зелений червоний синій чорний білий перший останній
наступний український англійський київський домашній робочий вільний дорогий дешевий простий складний гарячий холодний
смачний веселий сумний молодий хворий правильний технічний публічний приватний
"""
UKRAINIAN = TEXT.split()

# Lemma and forms. Some are irregular, as in life.
ENGLISH = [
    line.split()
    for line in """
deploy deploys deployed deploying
server servers
release releases released releasing
message messages messaging messaged
channel channels
review reviews reviewed reviewing reviewer
test tests tested testing
fail fails failed failing
error errors
fix fixes fixed fixing
update updates updated updating
merge merges merged merging
branch branches
request requests requested requesting
query queries queried querying
database databases
table tables
index indexes indexed indexing
user users
token tokens
password passwords
meeting meetings
team teams
customer customers
invoice invoices
payment payments
contract contracts
design designs designed designing
button buttons
page pages
screen screens
network networks
connect connects connected connecting
connection connections
question questions
answer answers answered answering
plan plans planned planning
week weeks
month months
office offices
ticket tickets
train trains
price prices
coffee
holiday holidays
salary salaries
company companies
city cities
story stories
document documents documented documenting
translate translates translated translating
translation translations
search searches searched searching
find finds found finding
write writes wrote written writing
send sends sent sending
run runs ran running
build builds built building
quick quicker quickest quickly
important
urgent urgently
happy happier happiest happily
cheap cheaper cheapest
""".strip().splitlines()
]
