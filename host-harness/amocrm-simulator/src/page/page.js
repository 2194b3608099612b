// The page of a simulated account: it loads an installed widget with what amoCRM's documentation promises a widget, and nothing else.
//
// Who is logged in stands in the address (`?user=504141`), so that each tab may be somebody else.
(function ($) {
  'use strict';

  var CODE = 'simulated_widget';
  var FILES = '/_simulator/widget/files/';
  var loaded = null;
  var widget = null;

  function ask(method, path, body, kind) {
    var options = { url: '/_simulator/' + path, method: method, dataType: method === 'GET' || kind === 'token' ? 'json' : undefined };
    if (body !== undefined) {
      options.data = body instanceof Blob ? body : JSON.stringify(body);
      options.contentType = body instanceof Blob ? 'application/zip' : 'application/json';
      options.processData = false;
    }
    return $.ajax(options);
  }

  // The only module that the documentation lets a widget rely on here.
  window.define = function (names, factory) {
    loaded = factory.apply(null, names.map(function (name) {
      if (name !== 'jquery') {
        throw new Error('the simulated page has no module ' + name);
      }
      return $;
    }));
  };

  function constants(account, user) {
    var managers = {};
    account.users.forEach(function (one) {
      managers[one.id] = { id: one.id, title: one.name, active: one.is_active, is_admin: one.is_admin };
    });
    return {
      user: { id: user.id, name: user.name },
      managers: managers,
      account: { id: account.id, subdomain: account.subdomain, language: user.lang }
    };
  }

  function notify(kind) {
    return function (message) {
      var $item = $('<li>').attr('data-kind', kind).text([message.header, message.text].filter(Boolean).join(': '));
      $('#notifications').append($item);
    };
  }

  // What a widget inherits.
  function base(account, user, installed) {
    var texts = installed.texts[user.lang] || installed.texts[installed.manifest.widget.locale[0]];
    return {
      langs: texts,
      params: { widget_code: CODE, path: FILES.slice(0, -1), version: installed.manifest.widget.version },
      system: function () {
        return { area: 'everywhere', amouser_id: user.id, subdomain: account.subdomain };
      },
      get_version: function () {
        return installed.manifest.widget.version;
      },
      get_settings: function () {
        return $.extend({ widget_code: CODE, path: FILES.slice(0, -1), version: installed.manifest.widget.version, active: 'Y' }, installed.settings);
      },
      i18n: function (key) {
        return key.split('.').reduce(function (text, part) {
          return text === undefined ? undefined : text[part];
        }, texts);
      },
      $authorizedAjax: function (options) {
        return ask('POST', 'disposable-token', { user_id: user.id }, 'token').then(function (answer) {
          var headers = $.extend({}, options.headers, { 'X-Auth-Token': answer.token });
          return $.ajax($.extend({}, options, { headers: headers }));
        });
      }
    };
  }

  function start(account, user, installed) {
    var script = document.createElement('script');
    script.src = FILES + 'script.js?v=' + encodeURIComponent(installed.manifest.widget.version);
    script.onload = function () {
      widget = Object.create(base(account, user, installed));
      loaded.call(widget);
      if (widget.callbacks.render() && widget.callbacks.init() && widget.callbacks.bind_actions()) {
        $('#standing').text('Виджет установлен и работает, версия ' + installed.manifest.widget.version + '.').attr('data-state', 'running');
        $('#open-settings').prop('hidden', false).on('click', function () {
          openSettings(account, installed);
        });
      }
    };
    document.head.appendChild(script);
  }

  // Fields as the manifest names them.
  function openSettings(account, installed) {
    var $fields = $('#fields').empty();
    $.each(installed.manifest.settings || {}, function (key, setting) {
      var $field = $('<fieldset>').attr('data-key', key).append($('<legend>').text(widget.i18n(setting.name)));
      if (setting.type === 'users') {
        account.users.forEach(function (one) {
          var value = (installed.settings[key] || {})[one.id] || '';
          $field.append($('<label>').text(one.name + ' ').append($('<input>').attr({ 'data-user': one.id, type: 'text' }).val(value)));
        });
      } else if (setting.type === 'custom') {
        $field.append($('<div>').attr('id', CODE + '_custom_content'), $('<input type="hidden">').attr('id', CODE + '_custom'));
      } else {
        $field.append($('<input>').attr('type', setting.type === 'pass' ? 'password' : 'text').val(installed.settings[key] || ''));
      }
      $fields.append($field);
    });
    $('#settings').prop('hidden', false);
    widget.callbacks.settings($('#fields'));
    $('#settings-form').off('submit').on('submit', function (event) {
      event.preventDefault();
      save(installed);
    });
  }

  function save(installed) {
    var fields = {};
    $('#fields fieldset').each(function () {
      var $users = $(this).find('[data-user]');
      var value = $(this).find('input').first().val();
      if ($users.length) {
        value = {};
        $users.each(function () {
          value[$(this).attr('data-user')] = $(this).val();
        });
      } else if ($(this).find('#' + CODE + '_custom').length) {
        value = $(this).find('#' + CODE + '_custom').val();
      }
      fields[$(this).attr('data-key')] = value;
    });
    if (widget.callbacks.onSave({ active: 'Y', fields: fields })) {
      installed.settings = fields;
      ask('PUT', 'widget/settings', fields);
    }
  }

  function install(file) {
    $('#findings').empty();
    ask('PUT', 'widget', file).done(function () {
      location.reload();
    }).fail(function (answer) {
      var problem = answer.responseJSON || {};
      (problem.findings || [{ ru: problem.detail }]).forEach(function (finding) {
        $('#findings').append($('<li>').text(finding.ru));
      });
    });
  }

  ask('GET', 'widget').done(function (account) {
    var wanted = Number(new URLSearchParams(location.search).get('user'));
    var user = account.users.filter(function (one) { return one.id === wanted; })[0] || account.users[0];
    window.APP = {
      constant: function (name) {
        return constants(account, user)[name] || false;
      },
      notifications: { show_message: notify('message'), show_message_error: notify('error') }
    };
    $('#user').text(user.name + (user.is_admin ? ' (администратор)' : '')).attr('data-user', user.id);
    account.users.forEach(function (one) {
      $('#users').append(' ', $('<a>').attr('href', '?user=' + one.id).text(one.name));
    });
    $('#archive').on('change', function () {
      install(this.files[0]);
    });
    if (!account.one_time_tokens) {
      $('#standing').text('Симулятор запущен без --oauth: одноразовых токенов нет, и виджет ничего не докажет.');
    } else if (account.installed) {
      start(account, user, account.installed);
    } else {
      $('#standing').text('Виджет не установлен: выберите архив.').attr('data-state', 'none');
    }
  });
})(window.jQuery);
