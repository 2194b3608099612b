// Tells the PBX who has the CRM open, and lets an administrator set internal numbers and the check of the status.
//
// A report is one request with a one-time token of the CRM's. It is sent when the CRM is opened, and again when its page is shown or gets the focus,
// at least 15 minutes after the last one. One that fails is not repeated. Nothing else is collected.
define(['jquery'], function ($) {
  'use strict';

  var SERVER = 'https://pbx.example';
  var INTEGRATION = 'main';
  var PAUSE = 15 * 60 * 1000;
  var PATIENCE = 10 * 1000;

  return function () {
    var self = this;
    var address = SERVER + '/v1/integrations/' + encodeURIComponent(INTEGRATION);
    var reportedAt = null;
    // What the PBX said when the settings were opened.
    var known = null;

    function texts() {
      return self.i18n('texts');
    }

    function report() {
      reportedAt = Date.now();
      self.$authorizedAjax({ url: address + '/presence', method: 'POST', timeout: PATIENCE });
    }

    function reportIfDue() {
      if (document.visibilityState === 'visible' && Date.now() - reportedAt >= PAUSE) {
        report();
      }
    }

    function code() {
      return self.get_settings().widget_code || self.params.widget_code;
    }

    // The place that the CRM leaves for a field of the type "custom", and the hidden field beside it that the CRM keeps.
    function place($modal) {
      var $place = $('#' + code() + '_custom_content');
      return $place.length || !$modal ? $place : $modal;
    }

    function keep(value) {
      $('#' + code() + '_custom').val(JSON.stringify(value)).trigger('change');
    }

    function askState() {
      return self.$authorizedAjax({ url: address + '/widget', method: 'GET', dataType: 'json', timeout: PATIENCE });
    }

    // What the PBX says of a refusal, in the language of the person where it has that.
    function refusal(answer) {
      var problem = answer.responseJSON;
      if (!problem) {
        return texts().unreachable;
      }
      return (texts().language === 'ru' && problem.detail_ru) || problem.detail || texts().unreachable;
    }

    // Whose number the PBX refuses, where it is one.
    function whose(answer, users) {
      var field = (answer.responseJSON || {}).field || '';
      var place = field.match(/^\/users\/(\d+)\//);
      var user = place && users[Number(place[1])];
      return user ? (user.name || String(user.id)) + ': ' : '';
    }

    function say($state, text) {
      $state.text(text);
    }

    function showState($box, state) {
      var $status = $('<input type="checkbox">').prop('checked', state.consider_manager_status === true);
      var $label = $('<label>').append($status, ' ', $('<span>').text(texts().consider_status));
      var mayChange = state.changes === true && state.administrator === true;
      var why = state.changes === true ? texts().administrators_only : texts().read_only;
      known = state;
      keep({ consider_manager_status: state.consider_manager_status === true });
      $status.prop('disabled', !mayChange).on('change', function () {
        keep({ consider_manager_status: $status.prop('checked') });
      });
      say($box.find('.personal-manager__state'), texts()[state.state] || texts().unreachable);
      $box.append($('<p>').append($label), $('<p>').text(texts().consider_status_help));
      $box.append($('<p>').text(mayChange ? texts().numbers_help : why));
    }

    function showSettings($modal) {
      var $box = $('<div class="personal-manager">').append($('<p class="personal-manager__state" role="status">'));
      known = null;
      place($modal).find('.personal-manager').remove();
      place($modal).append($box);
      say($box.find('.personal-manager__state'), texts().asking);
      askState().done(function (state) {
        showState($box, state);
      }).fail(function (answer) {
        say($box.find('.personal-manager__state'), refusal(answer));
      });
    }

    // A value of a setting: as the CRM gives it, or as the text that it keeps.
    function parsed(value) {
      if (typeof value !== 'string') {
        return value || {};
      }
      try {
        return JSON.parse(value) || {};
      } catch (error) {
        return {};
      }
    }

    function nameOf(user) {
      var manager = (APP.constant('managers') || {})[user];
      return manager && manager.title ? String(manager.title) : null;
    }

    function changes(fields) {
      var numbers = parsed(fields.internal_numbers);
      var wanted = parsed(fields.manager_status || $('#' + code() + '_custom').val());
      var users = $.map(numbers, function (number, user) {
        number = $.trim(String(number));
        return number ? { id: Number(user), name: nameOf(user), number: number } : null;
      });
      var change = { revision: known.revision, users: users };
      if (typeof wanted.consider_manager_status === 'boolean') {
        change.consider_manager_status = wanted.consider_manager_status;
      }
      return change;
    }

    function complain(text) {
      APP.notifications.show_message_error({ header: texts().not_saved, text: text });
    }

    function save(fields) {
      var change = changes(fields);
      self.$authorizedAjax({
        url: address + '/widget',
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify(change),
        dataType: 'json',
        timeout: PATIENCE
      }).done(function (saved) {
        known.revision = saved.revision;
        say($('.personal-manager__state'), texts().saved);
      }).fail(function (answer) {
        complain(whose(answer, change.users) + refusal(answer));
      });
    }

    this.callbacks = {
      render: function () {
        return true;
      },
      init: function () {
        if (reportedAt === null) {
          report();
          document.addEventListener('visibilitychange', reportIfDue);
          window.addEventListener('focus', reportIfDue);
        }
        return true;
      },
      bind_actions: function () {
        return true;
      },
      settings: function ($modal) {
        showSettings($modal);
        return true;
      },
      onSave: function (data) {
        var isOff = !data || data.active === 'N' || !data.fields;
        if (isOff) {
          return true;
        }
        if (known) {
          save(data.fields);
        } else {
          complain(texts().unreachable);
        }
        return true;
      },
      destroy: function () {
        document.removeEventListener('visibilitychange', reportIfDue);
        window.removeEventListener('focus', reportIfDue);
      }
    };
    return this;
  };
});
